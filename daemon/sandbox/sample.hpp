#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::sandbox {

/// Names, quoted words and numbers of a prompt, to fill arguments with: "the weather in Paris"
/// gives Paris.
struct Muse {
  std::deque<std::string> words;
  std::deque<double> numbers;
};
Muse muse_of(std::string_view prompt);

/// A small value that fits `schema` (OpenAPI subset or JSON Schema, also with $ref): the required
/// members of objects (all, when none is required), one element per list. Takes words and numbers
/// out of `muse` as long as there are any. Recursion ends at a fixed depth.
Json sample_of(const Json& schema, Muse& muse);

}  // namespace gembal::sandbox
