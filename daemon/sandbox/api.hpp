#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/sandbox/scenario.hpp"
#include "daemon/sandbox/script.hpp"

namespace gembal::sandbox {

/// How the sandbox answers. What a scenario says wins.
struct Options {
  std::uint64_t seed = 1;        ///< the same seed and requests give the same answers
  Milliseconds chunk_delay{20};  ///< between two events of a stream
  Milliseconds latency{};        ///< before every answer
  Scenario scenario;
  std::optional<TimePoint> started;  ///< what rules count their time from; none: the first request
};

/// A stand-in for the Gemini API: given a request, says what to send back and when.
///
/// Thread-safe. Does no I/O and reads no clock: the caller says what time it is. Knows models,
/// keys, quotas and what lives on the server; forgets it all when it is destroyed.
class Api {
 public:
  explicit Api(Options options);
  ~Api();

  Script answer(const Request& request, TimePoint now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gembal::sandbox
