#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gembal::sse {

/// Takes the text of a JSON array, in any cut, apart into its elements' texts as they become
/// complete. Strings and escapes are respected; what is inside an element is not checked. A lone
/// object in place of the array counts as its one element. Pure.
class JsonArraySplitter {
 public:
  void feed(std::string_view bytes);

  /// The next whole element, valid until the next feed(). Only objects and arrays are elements.
  std::optional<std::string_view> next();

  /// Whether the array came to its end.
  bool closed() const { return closed_; }

 private:
  std::string buffer_;
  std::size_t at_ = 0;             ///< read so far
  std::size_t element_start_ = 0;  ///< meaningful while depth_ > 0
  int depth_ = 0;                  ///< of brackets inside the element in progress
  bool in_array_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  bool closed_ = false;
};

}  // namespace gembal::sse
