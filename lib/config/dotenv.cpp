#include "lib/config/dotenv.hpp"

#include <algorithm>
#include <optional>

#include "lib/core/text.hpp"

namespace gembal::config {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Reads a file from its front.
class DotenvReader {
 public:
  DotenvReader(std::string_view text, const std::string& name) : text_(text), name_(name) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  Result<std::vector<DotenvVariable>> read() {
    for (;;) {
      skip_blank_lines();
      if (at_end()) return std::move(found_);
      auto taken = take_variable();
      if (!taken) return std::move(taken).error();
    }
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char here() const { return at_end() ? '\n' : text_[at_]; }

  void step() {
    if (here() == '\n') ++line_;
    ++at_;
  }
  void skip_blanks() {
    while (!at_end() && is_blank(here())) ++at_;
  }
  std::string_view take_line() {
    const auto rest = text_.substr(at_);
    const auto line = rest.substr(0, rest.find('\n'));
    at_ += line.size();
    return line;
  }
  void skip_blank_lines() {
    while (!at_end()) {
      skip_blanks();
      if (here() == '#') take_line();
      if (at_end() || here() != '\n') return;
      step();
    }
  }

  Error wrong(std::size_t line, const std::string& what) const {
    return {ErrorKind::config, name_ + ":" + std::to_string(line) + ": " + what,
            "each line is NAME=VALUE, or a comment that begins with #"};
  }

  std::string take_name() {
    const auto begin = at_;
    while (!at_end() && is_name_character(here())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<void> take_variable() {
    DotenvVariable variable;
    variable.line = line_;
    variable.name = take_name();
    if (variable.name == "export" && is_blank(here())) {
      skip_blanks();
      variable.name = take_name();
    }
    skip_blanks();
    if (variable.name.empty() || (here() != '=' && here() != '\n' && here() != '#'))
      return wrong(variable.line, "there is no NAME=VALUE");
    if (here() == '=') {
      ++at_;
      skip_blanks();
      auto value = take_value();
      if (!value) return std::move(value).error();
      variable.value = *std::move(value);
    }
    std::erase_if(found_, [&](const auto& known) { return known.name == variable.name; });
    found_.push_back(std::move(variable));
    return {};
  }

  Result<std::string> take_value() {
    const char quote = here();
    if (quote != '"' && quote != '\'') {
      auto line = take_line();
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '#' && (i == 0 || is_blank(line[i - 1]))) line = line.substr(0, i);
      }
      return expanded(trim(line));
    }
    const auto began = line_;
    ++at_;
    std::string value;
    while (!at_end() && here() != quote) {
      if (here() == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        value += escaped(here(), quote);
      } else {
        value += here();
      }
      step();
    }
    if (at_end()) return wrong(began, "the quote has no end");
    ++at_;
    skip_blanks();
    if (here() == '#') take_line();
    if (here() != '\n') return wrong(line_, "something follows the closing quote");
    return quote == '"' ? expanded(value) : value;
  }

  static std::string escaped(char c, char quote) {
    if (c == quote || c == '\\') return std::string(1, c);
    if (quote == '"') {
      constexpr std::string_view kFrom = "ntrabfv", kTo = "\n\t\r\a\b\f\v";
      const auto known = kFrom.find(c);
      if (known != std::string_view::npos) return std::string(1, kTo[known]);
    }
    return std::string("\\") + c;
  }

  /// With ${NAME} as what that variable has above.
  std::string expanded(std::string_view text) const {
    std::string out;
    for (;;) {
      const auto begin = text.find("${");
      const auto end = begin == std::string_view::npos ? begin : text.find('}', begin);
      out += text.substr(0, end == std::string_view::npos ? end : begin);
      if (end == std::string_view::npos) return out;
      const auto inside = text.substr(begin + 2, end - begin - 2);
      const auto other = inside.find(":-");
      const auto known = std::find_if(found_.begin(), found_.end(), [&](const auto& variable) {
        return variable.name == inside.substr(0, other);
      });
      if (known != found_.end()) {
        out += known->value;
      } else if (other != std::string_view::npos) {
        out += inside.substr(other + 2);
      }
      text.remove_prefix(end + 1);
    }
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::vector<DotenvVariable> found_;
};

}  // namespace

Result<std::vector<DotenvVariable>> parse_dotenv(std::string_view text, const std::string& name) {
  return DotenvReader(text, name).read();
}

}  // namespace gembal::config
