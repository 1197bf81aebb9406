#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gembal::cmd {

/// What a terminal shows of a Markdown text, before it is known how wide the terminal is.
struct MarkdownItem {
  enum class Kind {
    word,     ///< goes to the next line when it does not fit
    newline,  ///< begins a line, with `text` before it
    line,     ///< stands in its line as it is, however long
    rule,     ///< a line across the terminal
  };

  Kind kind = Kind::word;
  std::string text;
  std::string style{};   ///< the SGR parameters, "1;36"; "": plain
  bool follows = false;  ///< a word right after the one before, without a blank
  std::string indent{};  ///< what begins the line when a word goes to the next one
};

/// Pure. The items of a text that is cut off between two words are those that the whole begins
/// with.
std::vector<MarkdownItem> markdown_items(std::string_view text);

}  // namespace gembal::cmd
