#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/sandbox/errors.hpp"
#include "daemon/sandbox/wire.hpp"
#include "lib/core/result.hpp"

namespace gembal::sandbox {

enum class FaultKind {
  error,     ///< an error reply instead of the answer: a row of errors.cpp
  content,   ///< a 200 whose answer is not what it should be: empty, blocked, malformed
  delivery,  ///< a good answer that arrives badly, or not at all
};

/// Something that goes wrong on demand: "cut,3" is {"cut", {"3"}}.
struct Fault {
  std::string name;
  std::vector<std::string> arguments;
  FaultKind kind = FaultKind::error;
};

/// Every fault there is, in the order of the documentation.
std::vector<std::string> fault_names();

/// Reads "NAME" or "NAME,arg,arg"; `_` and `-` are the same in a name. Errors: config (an unknown
/// name; the hint has the nearest one, or an argument that is neither a count, a duration nor the
/// name of an error).
Result<Fault> parse_fault(std::string_view text);

/// The fault that a key's name asks for: the longest fault name in it. Names of five letters and
/// less must stand as a word of their own, between `-`, `_`, `.` and the ends, so that no ordinary
/// key asks for one by chance.
std::optional<Fault> fault_in_key(std::string_view key);

/// How fast answers come when nothing is wrong.
struct Pace {
  Milliseconds latency{};      ///< before the status line
  Milliseconds chunk_delay{};  ///< between two events of a stream
};

/// The script of `reply`, bent by a delivery fault when there is one. `context` words the error
/// that a stream breaks off with.
Script deliver(Reply reply, const std::optional<Fault>& fault, Pace pace,
               const ErrorContext& context);

}  // namespace gembal::sandbox
