// From Markdown, as md4c reads it, to words and lines.
#include "cmd/chat/markdown_items.hpp"

#include <md4c.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "cmd/chat/code_colors.hpp"
#include "lib/core/grapheme.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

using Item = MarkdownItem;

std::string trim_end(std::string text) {
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

constexpr const char* kQuoteBar = "\u2502 ";
constexpr const char* kBullets[] = {"\u2022 ", "\u25e6 ", "\u25aa "};

std::string info_of(const MD_BLOCK_CODE_DETAIL& code) {
  return code.info.text ? std::string(code.info.text, code.info.size) : "";
}

struct List {
  bool ordered = false;
  unsigned next = 1;
  bool fresh = true;  ///< no item yet
};

struct Table {
  std::vector<std::vector<std::string>> rows;
  std::vector<MD_ALIGN> aligns;
  bool in_head = false;
};

class Builder {
 public:
  int enter_block(MD_BLOCKTYPE type, void* detail);
  int leave_block(MD_BLOCKTYPE type);
  int enter_span(MD_SPANTYPE type, void* detail);
  int leave_span(MD_SPANTYPE type);
  int text(MD_TEXTTYPE type, std::string_view text);

  std::vector<Item> items;

 private:
  void begin_line();
  void separate();
  void words(std::string_view text);
  void word(std::string text, bool follows);
  void end_code();
  void end_table();
  std::string style() const;

  std::vector<List> lists_;
  std::vector<std::string> indents_;  ///< of lists and quotes
  std::string indent() const {
    std::string all;
    for (const auto& one : indents_) all += one;
    return all;
  }

  bool begun_ = false;  ///< something stands before
  bool tight_ = false;  ///< the next block follows without an empty line
  std::string bullet_;  ///< that waits for its item's first line
  bool blank_ = false;  ///< a blank stands before the next word
  bool in_code_ = false;
  std::string language_;  ///< of the code: what stands after its fence
  std::string code_;
  int heading_ = 0;
  int bold_ = 0, italic_ = 0, strike_ = 0, mono_ = 0, link_ = 0;
  std::string address_;
  std::string link_text_;
  std::optional<Table> table_;
  std::string cell_;
};

std::string Builder::style() const {
  std::vector<std::string> all;
  if (bold_ || heading_) all.emplace_back("1");
  if (italic_) all.emplace_back("3");
  if (link_ || heading_ == 1) all.emplace_back("4");
  if (strike_) all.emplace_back("9");
  if (mono_) all.emplace_back("36");
  return join(all, ";");
}

/// An empty line between two blocks, and the beginning of the next line.
void Builder::separate() {
  if (begun_ && !tight_) items.push_back({Item::Kind::newline, trim_end(indent())});
  begin_line();
  tight_ = false;
}

void Builder::begin_line() {
  std::string before = indent();
  if (!bullet_.empty()) {
    // The bullet takes the place of its own indent's end.
    before.resize(before.size() - indents_.back().size());
    before += std::exchange(bullet_, "");
  }
  items.push_back({Item::Kind::newline, std::move(before)});
  begun_ = true;
  blank_ = false;
}

void Builder::word(std::string text, bool follows) {
  items.push_back({Item::Kind::word, std::move(text), style(), follows, indent()});
}

void Builder::words(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\n' || text[at] == '\t') {
      blank_ = true;
      ++at;
      continue;
    }
    const auto end = std::min(text.find_first_of(" \n\t", at), text.size());
    const bool starts = !items.empty() && items.back().kind == Item::Kind::newline;
    word(std::string(text.substr(at, end - at)), starts || !blank_);
    blank_ = false;
    at = end;
  }
}

int Builder::enter_block(MD_BLOCKTYPE type, void* detail) {
  switch (type) {
    case MD_BLOCK_QUOTE:
      separate();
      items.pop_back();  // the line begins with what is in it
      tight_ = true;
      indents_.emplace_back(kQuoteBar);
      break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL: {
      List list;
      list.ordered = type == MD_BLOCK_OL;
      if (list.ordered) list.next = static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start;
      if (lists_.empty() && begun_ && !tight_)
        items.push_back({Item::Kind::newline, trim_end(indent())});
      lists_.push_back(list);
      tight_ = true;
      break;
    }
    case MD_BLOCK_LI: {
      auto& list = lists_.back();
      const auto level = std::min<std::size_t>(lists_.size(), 3) - 1;
      bullet_ = list.ordered ? std::to_string(list.next++) + ". " : kBullets[level];
      indents_.emplace_back(display_width(bullet_), ' ');
      tight_ = true;
      begin_line();
      break;
    }
    case MD_BLOCK_H:
      separate();
      heading_ = static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level);
      break;
    case MD_BLOCK_P:
      // An item's first paragraph stands in the line of its bullet.
      if (!items.empty() && items.back().kind == Item::Kind::newline && tight_ && !lists_.empty()) {
        tight_ = false;
        break;
      }
      separate();
      break;
    case MD_BLOCK_CODE:
      if (begun_ && !tight_) items.push_back({Item::Kind::newline, trim_end(indent())});
      tight_ = false;
      in_code_ = true;
      code_.clear();
      language_ = info_of(*static_cast<MD_BLOCK_CODE_DETAIL*>(detail));
      break;
    case MD_BLOCK_HR:
      separate();
      items.push_back({Item::Kind::rule, "", "2"});
      break;
    case MD_BLOCK_TABLE:
      separate();
      items.pop_back();
      table_.emplace();
      break;
    case MD_BLOCK_THEAD: table_->in_head = true; break;
    case MD_BLOCK_TBODY: table_->in_head = false; break;
    case MD_BLOCK_TR: table_->rows.emplace_back(); break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      cell_.clear();
      if (table_->in_head)
        table_->aligns.push_back(static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align);
      break;
    default: break;
  }
  return 0;
}

int Builder::leave_block(MD_BLOCKTYPE type) {
  switch (type) {
    case MD_BLOCK_QUOTE: indents_.pop_back(); break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      lists_.pop_back();
      tight_ = !lists_.empty();
      break;
    case MD_BLOCK_LI:
      indents_.pop_back();
      bullet_.clear();
      tight_ = true;
      break;
    case MD_BLOCK_H: heading_ = 0; break;
    case MD_BLOCK_CODE:
      in_code_ = false;
      if (!code_.empty()) end_code();  // else its first line has not come yet
      break;
    case MD_BLOCK_TABLE: end_table(); break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: table_->rows.back().push_back(std::move(cell_)); break;
    default: break;
  }
  return 0;
}

void Builder::end_code() {
  if (code_.ends_with('\n')) code_.pop_back();
  CodeColors colors(language_);
  for (const auto line : split(code_, '\n')) {
    begin_line();
    if (line.empty()) continue;
    items.push_back({Item::Kind::line, "  "});
    for (const auto& piece : colors.line(line))
      items.push_back({Item::Kind::line, std::string(piece.text), piece.style});
  }
}

void Builder::end_table() {
  std::vector<std::size_t> widths(table_->aligns.size(), 0);
  for (const auto& row : table_->rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  }
  for (std::size_t number = 0; number < table_->rows.size(); ++number) {
    const auto& row = table_->rows[number];
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = i < row.size() ? row[i] : "";
      const auto room = widths[i] - display_width(cell);
      const auto align = table_->aligns[i];
      const auto before = align == MD_ALIGN_RIGHT ? room : align == MD_ALIGN_CENTER ? room / 2 : 0;
      line += (i ? "  " : "") + std::string(before, ' ') + cell + std::string(room - before, ' ');
    }
    begin_line();
    items.push_back({Item::Kind::line, trim_end(line), number == 0 ? "1" : ""});
    if (number > 0) continue;
    std::string under;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i) under += "  ";
      for (std::size_t column = 0; column < widths[i]; ++column) under += "\u2500";
    }
    begin_line();
    items.push_back({Item::Kind::line, under, "2"});
  }
  table_.reset();
}

int Builder::enter_span(MD_SPANTYPE type, void* detail) {
  switch (type) {
    case MD_SPAN_STRONG: ++bold_; break;
    case MD_SPAN_EM: ++italic_; break;
    case MD_SPAN_DEL: ++strike_; break;
    case MD_SPAN_CODE: ++mono_; break;
    case MD_SPAN_A: {
      const auto& href = static_cast<MD_SPAN_A_DETAIL*>(detail)->href;
      address_.assign(href.text, href.size);
      link_text_.clear();
      ++link_;
      break;
    }
    case MD_SPAN_IMG: {
      const auto& source = static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src;
      address_.assign(source.text, source.size);
      link_text_.clear();
      ++link_;
      break;
    }
    default: break;
  }
  return 0;
}

int Builder::leave_span(MD_SPANTYPE type) {
  switch (type) {
    case MD_SPAN_STRONG: --bold_; break;
    case MD_SPAN_EM: --italic_; break;
    case MD_SPAN_DEL: --strike_; break;
    case MD_SPAN_CODE: --mono_; break;
    case MD_SPAN_A:
    case MD_SPAN_IMG:
      --link_;
      if (link_ == 0 && !address_.empty() && link_text_ != address_ && !table_) {
        blank_ = true;
        words("(" + address_ + ")");
      }
      break;
    default: break;
  }
  return 0;
}

int Builder::text(MD_TEXTTYPE type, std::string_view text) {
  std::string plain(text);
  if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) plain = " ";
  if (type == MD_TEXT_NULLCHAR) plain = "\uFFFD";
  // A model must not be able to steer the terminal.
  std::erase_if(plain, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
  });
  if (link_) link_text_ += plain;
  if (in_code_) {
    code_ += plain;
  } else if (table_) {
    cell_ += plain;
  } else if (type == MD_TEXT_BR) {
    begin_line();
  } else {
    words(plain);
  }
  return 0;
}

}  // namespace

std::vector<MarkdownItem> markdown_items(std::string_view text) {
  MD_PARSER parser{};
  parser.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_NOHTML |
                 MD_FLAG_PERMISSIVEATXHEADERS | MD_FLAG_NOINDENTEDCODEBLOCKS;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
    return static_cast<Builder*>(self)->enter_block(type, detail);
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void*, void* self) {
    return static_cast<Builder*>(self)->leave_block(type);
  };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
    return static_cast<Builder*>(self)->enter_span(type, detail);
  };
  parser.leave_span = [](MD_SPANTYPE type, void*, void* self) {
    return static_cast<Builder*>(self)->leave_span(type);
  };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* some, MD_SIZE size, void* self) {
    return static_cast<Builder*>(self)->text(type, {some, size});
  };
  Builder builder;
  md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, &builder);
  return std::move(builder.items);
}

}  // namespace gembal::cmd
