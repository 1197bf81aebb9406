// The interactive chat.

#include <algorithm>
#include <filesystem>

#include "cmd/chat/answer_files.hpp"
#include "cmd/chat/attachments.hpp"
#include "cmd/chat/chat.hpp"
#include "cmd/chat/line_editor.hpp"
#include "cmd/user_folders.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

constexpr const char* kHelp =
    "/model NAME    ask another model       /system TEXT   set the system instruction\n"
    "/file PATH     send a file along       /clear         begin anew\n"
    "/retry         ask the last again      /usage         tokens so far\n"
    "/save NAME     keep this chat          /load NAME     go on with another\n"
    "/help          this                    /quit          leave (also Ctrl-D)\n"
    "\"\"\"            begins and ends a text of several lines; a \\ at its end goes on with a line\n"
    "Ctrl-C stops an answer. Tab completes.\n";

constexpr const char* kModels[] = {"gemini-flash-latest", "gemini-pro-latest",
                                   "gemini-flash-lite-latest", "gemini-2.5-flash",
                                   "gemini-2.5-pro"};

/// What may follow: commands, models, files.
std::vector<std::string> complete(const std::string& line) {
  std::vector<std::string> found;
  const auto add = [&found, word = line.substr(line.rfind(' ') + 1)](const std::string& one) {
    if (one.starts_with(word)) found.push_back(one);
  };
  if (line.starts_with("/file ")) {
    namespace fs = std::filesystem;
    const auto word = line.substr(line.rfind(' ') + 1);
    const auto slash = word.rfind('/');
    const auto folder = slash == std::string::npos ? "" : word.substr(0, slash + 1);
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, failure)) {
      std::error_code ignored;
      add(folder + entry.path().filename().string() + (entry.is_directory(ignored) ? "/" : ""));
    }
  } else if (line.starts_with("/model ")) {
    for (const char* model : kModels) add(model);
  } else if (line.starts_with('/') && line.find(' ') == std::string::npos) {
    for (const char* command : {"/clear", "/file", "/help", "/load", "/model", "/quit", "/retry",
                                "/save", "/system", "/usage"})
      add(command);
  }
  std::sort(found.begin(), found.end());
  return found;
}

class Talk {
 public:
  explicit Talk(Chat& chat)
      : chat_(chat), editor_((data_folder() / "history").string(), complete) {}

  int run();

 private:
  void say(const std::string& text) const { print(text); }
  void complain(const Error& error) const {
    std::fprintf(stderr, "gembal: %s\n", error.message.c_str());
    if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  }
  /// A question, of several lines perhaps; nothing when the user leaves.
  std::optional<std::string> read();
  void obey(const std::string& line);
  void attach(const std::string& path);
  void retry();
  void ask(Json parts);
  std::string prompt() const;

  Chat& chat_;
  LineEditor editor_;
  Attachments attached_;
  gemini::Usage used_;
  bool left_ = false;
};

std::string Talk::prompt() const {
  const auto files = attached_.parts.size();
  return (files ? "[" + std::to_string(files) + (files == 1 ? " file" : " files") + "] " : "") +
         "> ";
}

std::optional<std::string> Talk::read() {
  std::string text;
  bool in_block = false;
  for (;;) {
    auto line = editor_.read(text.empty() && !in_block ? prompt() : ". ");
    if (line.ending == LineEditor::Ending::closed) return std::nullopt;
    if (line.ending == LineEditor::Ending::cancelled) return "";
    const auto mark = line.text.find("\"\"\"");
    if (in_block || mark == 0) {
      const bool was_in_block = std::exchange(in_block, true);
      const auto rest = was_in_block ? line.text : line.text.substr(3);
      const auto end = rest.find("\"\"\"");
      text += rest.substr(0, end) + (end == std::string::npos ? "\n" : "");
      if (end == std::string::npos) continue;
      return text;
    }
    if (line.text.ends_with('\\')) {
      line.text.back() = '\n';
      text += line.text;
      continue;
    }
    text += line.text;
    editor_.remember(text);
    return text;
  }
}

void Talk::ask(Json parts) {
  const auto view = answer_view(chat_.context);
  const auto answer = ask_in(chat_, std::move(parts), attached_.owner, *view);
  attached_ = {};
  if (!answer) {
    // The question is not kept: the chat goes on as if it had not been asked.
    if (answer.error().kind == ErrorKind::cancelled) {
      print("\n");
    } else {
      complain(answer.error());
    }
    return;
  }
  used_.prompt += answer->usage.prompt;
  used_.answer += answer->usage.answer;
  used_.thoughts += answer->usage.thoughts;
  if (const auto files = save_answer_files(*answer); !files) {
    complain(files.error());
  } else {
    for (const auto& name : *files) say("saved " + name + "\n");
    print(answer_pictures(*answer, picture_protocol(config::process_environment())));
  }
  if (!answer->sources().empty()) {
    std::string sources = "\nSources\n";
    for (const auto& one : answer->sources())
      sources += "  " + std::string(string_in(one, "title")) + "  " +
                 std::string(string_in(one, "url")) + "\n";
    say(sources);
  }
  if (chat_.options.usage) say(usage_text(answer->usage) + "\n");
}

void Talk::attach(const std::string& path) {
  auto read = chat_.access.run(read_attachments(chat_.access, {path}));
  if (!read) return complain(read.error());
  for (auto& part : read->parts) attached_.parts.push_back(std::move(part));
  if (read->owner) attached_.owner = read->owner;
}

void Talk::retry() {
  auto& contents = chat_.session.contents;
  if (contents.size() < 2) return say("nothing has been asked yet\n");
  const Json before = contents;
  contents.erase(contents.end() - 1);
  Json parts = contents.back()["parts"];
  contents.erase(contents.end() - 1);
  const auto length = contents.size();
  ask(std::move(parts));
  if (contents.size() == length) contents = before;
}

void Talk::obey(const std::string& line) {
  const auto space = line.find(' ');
  const auto command = line.substr(0, space);
  const std::string argument(
      trim(space == std::string::npos ? std::string_view() : std::string_view(line).substr(space)));
  if (command == "/quit" || command == "/exit") {
    left_ = true;
  } else if (command == "/help") {
    say(kHelp);
  } else if (command == "/clear") {
    chat_.session.contents = Json::array();
    attached_ = {};
  } else if (command == "/retry") {
    retry();
  } else if (command == "/usage") {
    say(usage_text(used_) + "\n");
  } else if (command == "/model" && argument.empty()) {
    say(chat_.settings.called.called + "\n");
  } else if (command == "/model") {
    if (const auto used = use_model(chat_.settings, argument, chat_.config); !used)
      complain(used.error());
  } else if (command == "/system") {
    chat_.settings.system = argument;
    if (argument.empty()) say("no system instruction\n");
  } else if (command == "/file" && !argument.empty()) {
    attach(argument);
  } else if (command == "/save" && !argument.empty()) {
    auto session = load_session(argument);  // whether the name is one
    if (!session) return complain(session.error());
    if (!session->empty()) return say("there is a chat of that name: choose another\n");
    chat_.session.name = argument;
    chat_.session.model = chat_.settings.called.called;
    chat_.session.system = chat_.settings.system;
    if (const auto saved = save_session(chat_.session); !saved) complain(saved.error());
  } else if (command == "/load" && !argument.empty()) {
    auto session = load_session(argument);
    if (!session) return complain(session.error());
    if (session->empty()) return say("there is no chat of that name\n");
    chat_.session = *std::move(session);
    chat_.settings.system = chat_.session.system;
    if (const auto used = use_model(chat_.settings, chat_.session.model, chat_.config); !used)
      complain(used.error());
  } else {
    say("there is no such command; /help shows them\n");
  }
}

int Talk::run() {
  if (!chat_.context.quiet) {
    say(chat_.settings.called.called + ", /help for help" +
        (chat_.session.empty()
             ? ""
             : ", going on with '" + chat_.session.name + "' (" +
                   std::to_string(chat_.session.contents.size() / 2) + " questions)") +
        "\n");
  }
  while (!left_) {
    if (chat_.access.told_to_end()) return 128 + SIGTERM;
    const auto text = read();
    if (!text) {
      print("\n");
      break;
    }
    if (trim(*text).empty()) continue;
    if (text->starts_with('/')) {
      obey(*text);
      continue;
    }
    auto parts = attached_.parts;
    parts.push_back({{"text", *text}});
    ask(std::move(parts));
  }
  return 0;
}

}  // namespace

Result<int> talk(Chat& chat) { return Talk(chat).run(); }

}  // namespace gembal::cmd
