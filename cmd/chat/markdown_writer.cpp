#include "cmd/chat/markdown_writer.hpp"

#include <algorithm>

#include "cmd/chat/markdown_items.hpp"
#include "lib/core/grapheme.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

/// A mark that is not closed after so much is a character like any other.
constexpr std::size_t kLongestSpan = 400;

std::string_view without_indent(std::string_view line) {
  while (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

/// Goes through the lines of a text, and knows which of them are code.
class Fences {
 public:
  /// Whether the line opens or closes code.
  bool take(std::string_view line) {
    line = without_indent(line);
    const auto mark = line.substr(0, 3);
    if (mark != "```" && mark != "~~~") return false;
    if (open_.empty()) {
      // "```x``` in a line" is code within the line.
      if (mark == "```" && line.find('`', line.find_first_not_of('`')) != line.npos) return false;
      open_ = line.substr(0, line.find_first_not_of(mark[0]));
      return true;
    }
    if (!line.starts_with(open_)) return false;
    open_.clear();
    return true;
  }
  bool inside() const { return !open_.empty(); }

 private:
  std::string open_;  ///< the mark that closes it
};

/// Where the last top-level block begins: all before it is whole.
std::size_t start_of_last_block(std::string_view text) {
  Fences fences;
  std::size_t start = 0;
  bool was_blank = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end == std::string_view::npos ? end : end - at);
    const bool is_blank = trim(line).empty();
    if (!fences.inside() && was_blank && !is_blank && line[0] != ' ' && line[0] != '\t') start = at;
    if (end != std::string_view::npos) fences.take(line);
    was_blank = is_blank;
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return start;
}

/// Where the last mark of the line's end opens that nothing closes yet; npos when all are closed.
std::size_t open_mark(std::string_view text, std::size_t from) {
  std::size_t code = std::string_view::npos, bracket = code, strong = code, emphasis = code;
  for (auto at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == '`') {
      code = code == std::string_view::npos ? at : std::string_view::npos;
    } else if (code != std::string_view::npos) {
      continue;
    } else if (c == '[') {
      bracket = at;
    } else if (c == ']' && at + 1 < text.size() && text[at + 1] != '(') {
      bracket = std::string_view::npos;
    } else if (c == ')') {
      bracket = std::string_view::npos;
    } else if (c == '*' || c == '~') {
      const bool is_double = at + 1 < text.size() && text[at + 1] == c;
      auto& mark = is_double ? strong : emphasis;
      // "* " begins an item or multiplies.
      const bool opens = at + 1 + is_double < text.size() && text[at + 1 + is_double] != ' ' &&
                         text[at + 1 + is_double] != '\n';
      if (mark != std::string_view::npos) {
        mark = std::string_view::npos;
      } else if (opens) {
        mark = at;
      }
      at += is_double;
    }
  }
  const auto first = std::min(std::min(code, bracket), std::min(strong, emphasis));
  return first;
}

/// How much of the block in progress can be written.
std::size_t settled(std::string_view text) {
  Fences fences;
  std::size_t line_start = 0, paragraph = 0;
  for (std::size_t at = 0; at < text.size();) {
    line_start = at;
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    const auto line = text.substr(at, end - at);
    if (fences.take(line) || trim(line).empty()) paragraph = end + 1;
    at = line_start = end + 1;
  }
  if (fences.inside()) {
    // Whole lines only; the one that opens it shows nothing yet.
    return line_start;
  }
  // The columns of a table are as wide as its widest cells, which may come last; so it is with what
  // may become a table's head.
  for (auto at = paragraph; at < text.size();) {
    if (without_indent(text.substr(at)).starts_with('|')) return at;
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  const auto last = without_indent(text.substr(line_start));
  if (last.starts_with("``") || last.starts_with("~~")) return line_start;  // may open code
  auto cut = text.find_last_of(" \n");
  cut = cut == std::string_view::npos ? 0 : cut + 1;
  // "- " may begin an item, or make a heading of the line before: what follows tells.
  const auto begun = text.substr(line_start, cut > line_start ? cut - line_start : 0);
  if (begun.find_first_not_of(" \t-=*+>#_.)0123456789") == std::string_view::npos)
    cut = std::min(cut, line_start);
  const auto mark = open_mark(text.substr(0, cut), std::min(paragraph, cut));
  if (mark < cut && text.size() - mark < kLongestSpan) cut = mark;
  return cut;
}

}  // namespace

std::string MarkdownWriter::write(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 20);
  const auto items = markdown_items(text);
  std::string out;
  const auto styled = [&out](const std::string& what, const std::string& style) {
    out += style.empty() ? what : "\x1b[" + style + "m" + what + "\x1b[0m";
  };
  for (; written_ < items.size(); ++written_) {
    const auto& item = items[written_];
    const auto wide = display_width(item.text);
    switch (item.kind) {
      case MarkdownItem::Kind::newline:
        if (begun_) out += '\n';
        begun_ = true;
        out += item.text;
        column_ = wide;
        break;
      case MarkdownItem::Kind::word: {
        const bool fits = column_ + wide + (item.follows ? 0 : 1) <= width;
        if (!fits && !item.follows) {
          out += "\n" + item.indent;
          column_ = display_width(item.indent);
        } else if (!item.follows) {
          out += ' ';
          ++column_;
        }
        styled(item.text, item.style);
        column_ += wide;
        break;
      }
      case MarkdownItem::Kind::line:
        styled(item.text, item.style);
        column_ += wide;
        break;
      case MarkdownItem::Kind::rule: {
        std::string line;
        for (std::size_t i = column_; i < std::min<std::size_t>(width, 60); ++i) line += "\u2500";
        styled(line, item.style);
        break;
      }
    }
  }
  return out;
}

/// Writes the blocks that are whole, and forgets them.
std::string MarkdownWriter::finish_blocks(std::size_t width) {
  const auto start = start_of_last_block(text_);
  if (start == 0) return "";
  auto out = write(std::string_view(text_).substr(0, start), width);
  text_.erase(0, start);
  written_ = 0;
  if (begun_) out += '\n';  // the empty line before the next
  return out;
}

std::string MarkdownWriter::add(std::string_view text, std::size_t width) {
  text_ += text;
  auto out = finish_blocks(width);
  const auto length = settled(text_);
  if (length > 0) out += write(std::string_view(text_).substr(0, length), width);
  return out;
}

std::string MarkdownWriter::end(std::size_t width) {
  auto out = finish_blocks(width);
  out += write(text_, width);
  if (begun_) out += '\n';
  *this = MarkdownWriter();
  return out;
}

}  // namespace gembal::cmd
