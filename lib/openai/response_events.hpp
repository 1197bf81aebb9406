#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// Writes the events of a response's stream, numbered without a gap.
class ResponseEvents {
 public:
  /// `is_told`: false when nobody reads them, and none is written.
  explicit ResponseEvents(bool is_told) : is_told_(is_told) {}

  /// Adds an event. `members`: the text of its members beside type and number, `"delta":"Hi"`, or
  /// "".
  void add(std::string_view type, std::string_view members);

  /// The same with an object that holds the members.
  void add_object(std::string_view type, const Json& members);

  bool is_told() const { return is_told_; }

  /// What was added since the last call.
  std::string take();

 private:
  bool is_told_;
  std::int64_t next_number_ = 0;
  std::string out_;
};

}  // namespace gembal::openai
