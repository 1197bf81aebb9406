#include "cmd/chat/code_colors.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/core/text.hpp"

namespace gembal::cmd {

/// What a family of languages has in common. Lists are separated by blanks.
struct CodeColors::Language {
  std::string_view names;          ///< after a fence, in lower case
  std::string_view line_comments;  ///< what begins one
  std::string_view block_begin, block_end;
  std::string_view quotes;       ///< the characters around a text
  std::string_view long_quotes;  ///< around a text of several lines
  std::string_view words;
  bool any_case = false;                 ///< of the words
  bool needs_blank_before_hash = false;  ///< "$#" and "a#b" begin no comment
};

namespace {

constexpr const char* kCode = "36";
constexpr const char* kComment = "2";
constexpr const char* kText = "32";
constexpr const char* kNumber = "33";
constexpr const char* kWord = "35";

using Language = CodeColors::Language;

constexpr std::array kLanguages = {
    Language{
        "c h cpp c++ cc cxx hpp cuda java js javascript jsx mjs ts typescript tsx go golang rust rs swift "
        "kotlin kt cs csharp c# php scala dart groovy zig objc proto protobuf glsl solidity",
        "//", "/*", "*/", "\"'", "`",
        "abstract alignas alignof any as asm async auto await bool boolean break byte case catch "
        "chan char class co_await co_return co_yield concept const constexpr continue crate data "
        "debugger decltype default defer delete do double dyn echo else enum explicit export "
        "extends extern false final finally float fn for foreach from fun func function get goto "
        "go guard if impl implements import in inline instanceof int interface internal is let "
        "lock long loop map match mod module move mut mutable namespace new nil noexcept null "
        "nullptr number object of operator out override package private protected pub public "
        "range readonly ref register requires return self Self sealed select set short signed "
        "sizeof static static_assert static_cast string struct super suspend switch template "
        "this throw throws trait true try type typedef typename typeof undefined union unsafe "
        "unsigned use using val var virtual void volatile when where while with yield"},
    Language{"py python python3 py3 pyi starlark", "#", "", "", "\"'", "\"\"\" '''",
             "and as assert async await break case class continue def del elif else except False "
             "finally for from global if import in is lambda match None nonlocal not or pass "
             "raise return self True try while with yield"},
    Language{.names = "sh bash zsh shell console fish ksh dockerfile makefile make",
             .line_comments = "#",
             .quotes = "\"'",
             .words =
                 "if then else elif fi for while until do done case esac in function select "
                 "return local export readonly declare unset set shift exit trap source alias "
                 "end FROM RUN COPY ADD CMD ENTRYPOINT ENV ARG WORKDIR EXPOSE USER VOLUME LABEL "
                 "HEALTHCHECK include ifdef ifeq ifneq endif",
             .needs_blank_before_hash = true},
    Language{.names = "rb ruby perl pl r elixir ex exs nix julia jl crystal tcl coffee",
             .line_comments = "#",
             .quotes = "\"'",
             .words =
                 "alias and begin break case class def defmodule do else elsif end ensure "
                 "false fn for foreach function if in inherit let library local module my next "
                 "nil not NULL or our package private public redo require rescue retry return "
                 "self sub super TRUE FALSE then true undef unless until use using when while "
                 "with yield"},
    Language{
        .names =
            "yaml yml toml ini conf cfg properties env dotenv gitignore nginx hcl tf terraform",
        .line_comments = "# ;",
        .quotes = "\"'",
        .words = "true false null yes no on off",
        .needs_blank_before_hash = true},
    Language{.names = "json jsonc json5 jsonl",
             .line_comments = "//",
             .quotes = "\"",
             .words = "true false null"},
    Language{"sql mysql postgresql psql sqlite plsql", "--", "/*", "*/", "'\"", "",
             "add all alter and any as asc begin between by case cast check column commit "
             "constraint create cross database default delete desc distinct drop else end except "
             "exists explain false foreign from full function grant group having if in index "
             "inner insert intersect into is join key left like limit not null offset on or order "
             "outer over partition primary recursive references replace returning right rollback "
             "select set table then transaction trigger true truncate union unique update using "
             "values view when where with",
             true},
    Language{"lua", "--", "--[[", "]]", "\"'", "",
             "and break do else elseif end false for function goto if in local nil not or repeat "
             "return then true until while"},
    Language{"hs haskell elm", "--", "{-", "-}", "\"", "",
             "case class data deriving do else if import in infix infixl infixr instance let "
             "module newtype of qualified then type where"},
    Language{"css scss less", "//", "/*", "*/", "\"'", "", "important media import from to"},
    Language{"html xml svg vue svelte xhtml", "", "<!--", "-->", "\"'", "", ""},
    Language{.names = "lisp clojure clj scheme racket elisp el",
             .line_comments = ";",
             .quotes = "\"",
             .words = "def defn defun define lambda let if cond do fn loop ns nil t true false"},
};

/// Calls back with each word of a list until that says true.
template <typename Check>
bool any_of(std::string_view list, const Check& check) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    if (end > 0 && check(list.substr(0, end))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool lists(std::string_view list, std::string_view word, bool any_case = false) {
  const auto folded = any_case ? lower(word) : std::string();
  return any_of(list, [&](std::string_view one) { return one == (any_case ? folded : word); });
}

const Language* find_language(const std::string& name) {
  for (const auto& language : kLanguages)
    if (lists(language.names, name)) return &language;
  return nullptr;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Up to which character of the line a text goes on that is ended by `end`; npos: further.
std::size_t end_of_text(std::string_view line, std::size_t from, std::string_view end) {
  const bool escapes = end != "*/" && end != "-->" && end != "-}" && end != "]]";
  for (auto at = from; at < line.size(); ++at) {
    if (escapes && line[at] == '\\') {
      ++at;
    } else if (line.substr(at).starts_with(end)) {
      return at + end.size();
    }
  }
  return std::string_view::npos;
}

/// The pieces of a line as they are found; plain characters are gathered.
class Pieces {
 public:
  explicit Pieces(std::string_view line) : line_(line) {}
  void add(std::size_t from, std::size_t to, const char* style) {
    if (from > plain_) pieces_.push_back({line_.substr(plain_, from - plain_), ""});
    if (to > from) pieces_.push_back({line_.substr(from, to - from), style});
    plain_ = to;
  }
  std::vector<CodePiece> end() {
    add(line_.size(), line_.size(), "");
    return std::move(pieces_);
  }

 private:
  std::string_view line_;
  std::size_t plain_ = 0;  ///< where the plain characters begin
  std::vector<CodePiece> pieces_;
};

bool begins_line_comment(const Language& language, std::string_view line, std::size_t at) {
  if (language.needs_blank_before_hash && at > 0 && line[at - 1] != ' ' && line[at - 1] != '\t')
    return false;
  const auto rest = line.substr(at);
  return any_of(language.line_comments, [&](auto mark) { return rest.starts_with(mark); });
}

/// "'" begins a text in most languages, a lifetime in Rust ("<'a", "&'a"), and parts digits in C++.
bool begins_text(const Language& language, std::string_view line, std::size_t at) {
  if (language.quotes.find(line[at]) == std::string_view::npos) return false;
  if (line[at] == '"') return true;
  const char before = at == 0 ? ' ' : line[at - 1];
  return before != '<' && before != '&' && !is_digit(before) &&
         end_of_text(line, at + 1, line.substr(at, 1)) != std::string_view::npos;
}

/// The several-line quote that begins there; "": none.
std::string_view long_quote_at(const Language& language, std::string_view rest) {
  std::string_view found;
  any_of(language.long_quotes, [&](std::string_view quote) {
    if (!rest.starts_with(quote)) return false;
    found = quote;
    return true;
  });
  return found;
}

}  // namespace

CodeColors::CodeColors(std::string_view language) {
  const auto name = lower(language.substr(0, language.find_first_of(" \t,{")));
  is_diff_ = name == "diff" || name == "patch";
  language_ = find_language(name);
}

std::vector<CodePiece> CodeColors::diff_line(std::string_view text) const {
  if (text.starts_with("+++") || text.starts_with("---")) return {{text, "1"}};
  if (text.starts_with('+')) return {{text, kText}};
  if (text.starts_with('-')) return {{text, "31"}};
  if (text.starts_with("@@")) return {{text, kCode}};
  return {{text, ""}};
}

std::vector<CodePiece> CodeColors::line(std::string_view text) {
  if (is_diff_) return diff_line(text);
  if (!language_) return {{text, kCode}};
  const auto& language = *language_;
  Pieces pieces(text);
  std::size_t at = 0;
  // From `from` on in that style, until `end` or the line's end; it may stay open.
  const auto until = [&](std::size_t from, std::size_t search, std::string_view end,
                         const char* style, bool may_stay_open) {
    const auto stop = end_of_text(text, search, end);
    const bool is_open = stop == std::string_view::npos;
    open_ = is_open && may_stay_open ? end : std::string_view();
    open_style_ = style;
    at = is_open ? text.size() : stop;
    pieces.add(from, at, style);
  };

  if (!open_.empty()) until(0, 0, open_, open_style_, true);
  while (at < text.size()) {
    const auto rest = text.substr(at);
    const char c = text[at];
    if (!language.block_begin.empty() && rest.starts_with(language.block_begin)) {
      until(at, at + language.block_begin.size(), language.block_end, kComment, true);
    } else if (begins_line_comment(language, text, at)) {
      pieces.add(at, text.size(), kComment);
      at = text.size();
    } else if (const auto quote = long_quote_at(language, rest); !quote.empty()) {
      until(at, at + quote.size(), quote, kText, true);
    } else if (begins_text(language, text, at)) {
      until(at, at + 1, text.substr(at, 1), kText, false);
    } else if (is_letter(c) || is_digit(c)) {
      const auto from = at;
      while (at < text.size() &&
             (is_letter(text[at]) || is_digit(text[at]) || (is_digit(c) && text[at] == '.')))
        ++at;
      const auto word = text.substr(from, at - from);
      if (is_digit(c)) {
        pieces.add(from, at, kNumber);
      } else if (lists(language.words, word, language.any_case)) {
        pieces.add(from, at, kWord);
      }
    } else {
      ++at;
    }
  }
  return pieces.end();
}

}  // namespace gembal::cmd
