#include "cmd/chat/line_editor.hpp"

#include <histedit.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <filesystem>

namespace gembal::cmd {
namespace {

constexpr int kHistorySize = 1000;

}  // namespace

struct LineEditor::State {
  std::string prompt;
  std::string history_file;
  Complete complete;
  EditLine* editor = nullptr;
  History* history = nullptr;
  bool cancelled = false;

  static State& of(EditLine* editor) {
    void* state = nullptr;
    el_get(editor, EL_CLIENTDATA, &state);
    return *static_cast<State*>(state);
  }
  static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }

  static unsigned char cancel(EditLine* editor, int) {
    of(editor).cancelled = true;
    return CC_EOF;
  }

  static unsigned char finish_word(EditLine* editor, int) {
    auto& state = of(editor);
    const LineInfo* info = el_line(editor);
    const std::string line(info->buffer, info->cursor);
    const auto start = line.rfind(' ') + 1;  // npos + 1 is 0
    const auto word = line.substr(start);
    const auto all = state.complete ? state.complete(line) : std::vector<std::string>();
    if (all.empty()) return CC_ERROR;
    auto common = all.front();
    for (const auto& one : all) {
      const auto [end, other] = std::mismatch(common.begin(), common.end(), one.begin(), one.end());
      common.erase(end, common.end());
    }
    if (all.size() == 1 && !common.ends_with('/')) common += ' ';
    if (common.size() > word.size()) {
      el_insertstr(editor, common.c_str() + word.size());
      return CC_REFRESH;
    }
    std::fputc('\n', stdout);
    for (const auto& one : all) std::printf("%s  ", one.c_str());
    std::fputc('\n', stdout);
    std::fflush(stdout);
    return CC_REDISPLAY;
  }
};

LineEditor::LineEditor(std::string history, Complete complete) : state_(new State) {
  // libedit reads characters by the locale: as UTF-8 whatever it is.
  const char* locale = std::setlocale(LC_CTYPE, "");
  if (!locale || std::string(locale).find("UTF-8") == std::string::npos)
    std::setlocale(LC_CTYPE, "C.UTF-8");
  state_->history_file = std::move(history);
  state_->complete = std::move(complete);
  state_->editor = el_init("gembal", stdin, stdout, stderr);
  auto* editor = state_->editor;
  el_set(editor, EL_CLIENTDATA, state_.get());
  el_set(editor, EL_PROMPT, &State::show_prompt);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_SIGNAL, 1);
  state_->history = history_init();
  HistEvent event{};
  ::history(state_->history, &event, H_SETSIZE, kHistorySize);
  ::history(state_->history, &event, H_SETUNIQUE, 1);
  el_set(editor, EL_HIST, ::history, state_->history);
  if (!state_->history_file.empty())
    ::history(state_->history, &event, H_LOAD, state_->history_file.c_str());
  // Ctrl-C comes as a character: it throws away the line, not the program.
  el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
  el_set(editor, EL_ADDFN, "gembal-cancel", "throw the line away", &State::cancel);
  el_set(editor, EL_BIND, "^C", "gembal-cancel", nullptr);
  el_set(editor, EL_ADDFN, "gembal-complete", "finish the word", &State::finish_word);
  el_set(editor, EL_BIND, "^I", "gembal-complete", nullptr);
  el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(editor, nullptr);
}

LineEditor::~LineEditor() {
  history_end(state_->history);
  el_end(state_->editor);
}

LineEditor::Line LineEditor::read(const std::string& prompt) {
  state_->prompt = prompt;
  state_->cancelled = false;
  int length = 0;
  const char* text = el_gets(state_->editor, &length);
  Line line;
  if (state_->cancelled) {
    std::fputs("^C\n", stdout);
    std::fflush(stdout);
    el_reset(state_->editor);
    line.ending = Ending::cancelled;
    return line;
  }
  if (!text || length <= 0) {
    line.ending = Ending::closed;
    return line;
  }
  line.text.assign(text, static_cast<std::size_t>(length));
  while (line.text.ends_with('\n') || line.text.ends_with('\r')) line.text.pop_back();
  return line;
}

void LineEditor::remember(const std::string& text) {
  if (text.empty() || text.find('\n') != std::string::npos) return;
  HistEvent event{};
  ::history(state_->history, &event, H_ENTER, text.c_str());
  if (state_->history_file.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(state_->history_file).parent_path(),
                                      ignored);
  const auto mask = ::umask(0077);
  ::history(state_->history, &event, H_SAVE, state_->history_file.c_str());
  ::umask(mask);
}

}  // namespace gembal::cmd
