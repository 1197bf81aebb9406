#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gembal::cmd {

/// A piece of a line of code, and the SGR parameters that it is shown with; "": plain.
struct CodePiece {
  std::string_view text;  ///< within the line that was given
  const char* style = "";

  friend bool operator==(const CodePiece&, const CodePiece&) = default;
};

/// Colours a block of code line by line: comments, texts, numbers and the language's words, told
/// apart by a table of what languages have in common rather than by their grammars. What it takes
/// for a comment too much or too little is a matter of looks alone. Pure.
class CodeColors {
 public:
  /// `language`: what stands after the fence, "py" or "Python title=x"; of one that is not known,
  /// and of none, a line is a single piece in the colour of code.
  explicit CodeColors(std::string_view language);

  /// The next line of the block, without its end. The pieces together are the line.
  std::vector<CodePiece> line(std::string_view text);

  struct Language;

 private:
  std::vector<CodePiece> diff_line(std::string_view text) const;

  const Language* language_ = nullptr;
  bool is_diff_ = false;
  std::string_view open_;  ///< what ends the comment or text that the last line left open; "": none
  const char* open_style_ = "";
};

}  // namespace gembal::cmd
