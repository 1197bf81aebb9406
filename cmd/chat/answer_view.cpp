#include "cmd/chat/answer_view.hpp"

#include <unistd.h>

#include <cstdio>

#include "cmd/chat/markdown_writer.hpp"
#include "cmd/terminal.hpp"

namespace gembal::cmd {
namespace {

/// Thoughts on stderr, dimmed where that can be shown; a line of their own.
class Thoughts {
 public:
  void add(std::string_view text) {
    if (text.empty()) return;
    if (!open_ && ::isatty(STDERR_FILENO) == 1) std::fputs("\x1b[2m", stderr);
    open_ = true;
    std::fwrite(text.data(), 1, text.size(), stderr);
  }
  void end() {
    if (!open_) return;
    std::fputs(::isatty(STDERR_FILENO) == 1 ? "\x1b[0m\n" : "\n", stderr);
    open_ = false;
  }

 private:
  bool open_ = false;
};

class PlainView final : public AnswerView {
 public:
  bool text(std::string_view text) override {
    if (text.empty()) return true;
    thoughts_.end();
    ends_line_ = text.ends_with('\n');
    return print(text);
  }
  bool thoughts(std::string_view text) override {
    thoughts_.add(text);
    return true;
  }
  bool end() override {
    thoughts_.end();
    return ends_line_ || print("\n");
  }

 private:
  Thoughts thoughts_;
  bool ends_line_ = true;
};

class MarkdownView final : public AnswerView {
 public:
  bool text(std::string_view text) override {
    if (text.empty()) return true;
    thoughts_.end();
    return show(writer_.add(text, terminal_width()));
  }
  bool thoughts(std::string_view text) override {
    thoughts_.add(text);
    return true;
  }
  bool end() override {
    thoughts_.end();
    return show(writer_.end(terminal_width()));
  }

 private:
  static bool show(const std::string& text) { return text.empty() || print(text); }

  Thoughts thoughts_;
  MarkdownWriter writer_;
};

class SilentView final : public AnswerView {
 public:
  bool text(std::string_view) override { return true; }
  bool thoughts(std::string_view text) override {
    thoughts_.add(text);
    return true;
  }
  bool end() override {
    thoughts_.end();
    return true;
  }

 private:
  Thoughts thoughts_;
};

}  // namespace

std::unique_ptr<AnswerView> answer_view(const Context& context) {
  if (context.uses_color()) return std::make_unique<MarkdownView>();
  return std::make_unique<PlainView>();
}

std::unique_ptr<AnswerView> silent_view() { return std::make_unique<SilentView>(); }

}  // namespace gembal::cmd
