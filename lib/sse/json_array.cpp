#include "lib/sse/json_array.hpp"

namespace gembal::sse {

void JsonArraySplitter::feed(std::string_view bytes) {
  const auto keep_from = depth_ > 0 ? element_start_ : at_;
  buffer_.erase(0, keep_from);
  at_ -= keep_from;
  element_start_ = 0;
  buffer_ += bytes;
}

std::optional<std::string_view> JsonArraySplitter::next() {
  for (; at_ < buffer_.size(); ++at_) {
    const char c = buffer_[at_];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (c == '"') {
      in_string_ = true;
    } else if (c == '[' && depth_ == 0 && !in_array_ && !closed_) {
      in_array_ = true;
    } else if (c == '{' || c == '[') {
      if (depth_++ == 0) element_start_ = at_;
    } else if (c == ']' && depth_ == 0) {
      closed_ = true;
      in_array_ = false;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
      if (depth_ > 0) continue;
      ++at_;
      if (!in_array_) closed_ = true;
      return std::string_view(buffer_).substr(element_start_, at_ - element_start_);
    }
  }
  return std::nullopt;
}

}  // namespace gembal::sse
