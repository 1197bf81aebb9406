#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gembal::cmd {

/// Renders Markdown for a terminal while it comes: a word is written as soon as nothing that
/// follows can change what it looks like, and never taken back. Pure.
class MarkdownWriter {
 public:
  /// What can be written once `text` has come, for a terminal so wide.
  std::string add(std::string_view text, std::size_t width);
  /// The rest. The writer is as new afterwards.
  std::string end(std::size_t width);

 private:
  std::string write(std::string_view text, std::size_t width);
  std::string finish_blocks(std::size_t width);

  std::string text_;         ///< of the block in progress
  std::size_t written_ = 0;  ///< items of it
  bool begun_ = false;       ///< something has been written
  std::size_t column_ = 0;
};

}  // namespace gembal::cmd
