#include "cmd/chat/chat.hpp"

#include <algorithm>

#include "cmd/chat/answer_files.hpp"
#include "cmd/chat/ask.hpp"
#include "cmd/chat/attachments.hpp"
#include "cmd/terminal.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

/// Standard input, when it is not a terminal, goes before the words of the command line.
Result<std::string> prompt_from(const ChatOptions& options) {
  std::string prompt = join(options.words, " ");
  const bool is_file =
      std::find(options.files.begin(), options.files.end(), "-") != options.files.end();
  if (!stdin_is_terminal() && !is_file) {
    auto input = read_input();
    if (!input) return input;
    if (!trim(*input).empty()) prompt = prompt.empty() ? *input : *input + "\n\n" + prompt;
  }
  if (!is_valid_utf8(prompt) || prompt.find('\0') != std::string::npos) {
    return Error{ErrorKind::usage, "the prompt is not valid UTF-8",
                 "convert it with iconv, or give a file with -f (-f - for standard input)"};
  }
  return prompt;
}

/// The session that the options name, with its model where they name none.
Result<Session> session_of(ChatOptions& options) {
  auto session = options.go_on && options.session.empty() ? load_last_session()
                 : options.session.empty()
                     ? Result<Session>(Session{kUnnamedSession, "", "", Json::array()})
                     : load_session(options.session);
  if (!session) return session;
  if (options.model.empty() && options.role.empty()) options.model = session->model;
  if (options.system.empty() && options.role.empty()) options.system = session->system;
  return session;
}

/// The first block of code in an answer; the answer where it has none.
std::string first_code(const std::string& text) {
  const auto open = text.find("```");
  const auto begin = open == std::string::npos ? open : text.find('\n', open);
  if (begin == std::string::npos) return text;
  const auto end = text.find("\n```", begin);
  if (end == std::string::npos) return text.substr(begin + 1);
  return text.substr(begin + 1, end - begin);
}

upstream::Call call_for(const Chat& chat, std::string body) {
  return chat.access.model_call(
      chat.settings.model(), chat.options.no_stream ? "generateContent" : "streamGenerateContent",
      std::move(body));
}

Json answer_json(const Chat& chat, const ChatAnswer& answer,
                 const std::vector<std::string>& files) {
  Json json = {{"text", answer.text},
               {"model", answer.model.empty() ? chat.settings.model() : answer.model},
               {"finish_reason", answer.finish_reason},
               {"usage", answer.usage_json()},
               {"sources", answer.sources()}};
  Json saved = Json::array();
  for (std::size_t i = 0; i < files.size(); ++i)
    saved.push_back({{"path", files[i]}, {"mime_type", answer.files[i].mime_type}});
  if (!files.empty()) json["files"] = std::move(saved);
  return json;
}

Result<int> dry_run(const Chat& chat, Json parts) {
  auto contents = chat.session.contents;
  contents.push_back(user_turn(std::move(parts)));
  const auto call = call_for(chat, "");
  print("POST " + call.url + "\n" +
        to_pretty_text(chat_request(chat.settings, chat.config, std::move(contents))) + "\n");
  return 0;
}

/// One question, one answer.
Result<int> chat_once(Chat& chat, std::string prompt) {
  const auto& options = chat.options;
  auto& context = chat.context;
  auto attached = chat.access.run(read_attachments(chat.access, options.files));
  if (!attached) return std::move(attached).error();
  auto parts = std::move(attached->parts);
  if (!trim(prompt).empty()) parts.push_back({{"text", std::move(prompt)}});
  if (parts.empty())
    return Error{ErrorKind::usage, "there is nothing to ask", "give a prompt, or pipe text in"};
  if (options.dry_run) return dry_run(chat, std::move(parts));

  const bool at_end = context.json || options.extract;
  const auto view = at_end ? silent_view() : answer_view(context);
  const auto answer = ask_in(chat, std::move(parts), attached->owner, *view);
  if (!answer) {
    if (answer.error().kind == ErrorKind::io && answer.error().message.empty()) return 0;
    return answer.error();
  }
  if (options.extract && !context.json) {
    auto code = first_code(answer->text);
    if (!code.ends_with('\n')) code += '\n';
    print(code);
  }
  const auto files = save_answer_files(*answer);
  if (!files) return files.error();
  if (context.json) {
    print(to_text(answer_json(chat, *answer, *files)) + "\n");
  } else {
    for (const auto& name : *files) std::fprintf(stderr, "gembal: saved %s\n", name.c_str());
    if (stdout_is_terminal() && !context.quiet)
      print(answer_pictures(*answer, picture_protocol(config::process_environment())));
    if (options.usage) std::fprintf(stderr, "%s\n", usage_text(answer->usage).c_str());
  }
  return 0;
}

Result<int> run_chat(Context& context, ChatOptions options) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  auto session = session_of(options);
  if (!session) return std::move(session).error();
  auto settings = read_chat_settings(options, loaded->config);
  if (!settings) return std::move(settings).error();
  const bool is_talk = options.words.empty() && stdin_is_terminal() && stdout_is_terminal() &&
                       !context.json && !options.dry_run && options.files.empty();
  std::string prompt;
  if (!is_talk) {
    auto given = prompt_from(options);
    if (!given) return std::move(given).error();
    prompt = *std::move(given);
    if (trim(prompt).empty() && options.files.empty())
      return Error{ErrorKind::usage, "there is nothing to ask", "give a prompt, or pipe text in"};
  }
  auto access = ApiAccess::open(context, *loaded, options.via);
  if (!access) return std::move(access).error();
  Chat chat{context, loaded->config, options, **access, *std::move(settings), *std::move(session)};
  return is_talk ? talk(chat) : chat_once(chat, std::move(prompt));
}

}  // namespace

std::string usage_text(const gemini::Usage& usage) {
  std::string text = std::to_string(usage.prompt) + " prompt + " +
                     std::to_string(usage.answer + usage.thoughts) + " answer tokens";
  if (usage.thoughts > 0) text += " (" + std::to_string(usage.thoughts) + " of them thought)";
  return text;
}

Result<ChatAnswer> ask_in(Chat& chat, Json parts, const std::optional<upstream::OwningKey>& owner,
                          AnswerView& view) {
  auto contents = chat.session.contents;
  contents.push_back(user_turn(std::move(parts)));
  auto call = call_for(chat, to_text(chat_request(chat.settings, chat.config, contents)));
  call.owner = owner;
  auto answer = chat.access.run(ask(chat.access, std::move(call), view));
  if (!answer) {
    if (chat.access.interrupt().raised()) return Error{ErrorKind::cancelled, "interrupted", ""};
    return answer;
  }
  if (auto judged = answer->judge(); !judged) return std::move(judged).error();
  contents.push_back(answer->turn());
  chat.session.contents = std::move(contents);
  chat.session.model = chat.settings.called.called;
  chat.session.system = chat.settings.system;
  if (const auto saved = save_session(chat.session); !saved)
    print_error(chat.context, saved.error());
  return answer;
}

void add_chat_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ChatOptions>();
  auto* command =
      app.add_subcommand("chat", "Ask a model; without a prompt, in a terminal, talk with it");
  command->add_option("prompt", options->words, "What to ask; piped text goes before it")
      ->type_name("PROMPT");
  command->add_option("-m,--model", options->model, "Model (client.model)")->type_name("MODEL");
  command->add_option("-s,--system", options->system, "System instruction, or @FILE")
      ->type_name("TEXT");
  command->add_option("-r,--role", options->role, "A system instruction by name: roles/NAME.md")
      ->type_name("NAME");
  command
      ->add_option("-f,--file,-a,--attachment", options->files,
                   "A file to send along: text, picture, PDF, sound, film; also an address, or -")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_flag("-c,--continue", options->go_on, "Go on with the last chat");
  command
      ->add_option("--session", options->session, "Keep the chat under a name, and go on with it")
      ->type_name("NAME");
  command->add_flag("--search", options->search, "Let the model use Google Search");
  command->add_flag("--code", options->code, "Let the model run code");
  command->add_flag("--url", options->url, "Let the model read addresses in the prompt");
  command->add_option("--thinking", options->thinking, "off, minimal, low, medium, high, or tokens")
      ->type_name("AMOUNT");
  command->add_flag("--show-thoughts", options->show_thoughts, "Show what it thinks, on stderr");
  command->add_option("-t,--temperature", options->temperature, "From 0 to 2")
      ->check(CLI::Range(0.0, 2.0))
      ->type_name("T");
  command->add_option("--max-tokens", options->max_tokens, "Length of the answer at most")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--schema", options->schema, "Answer in JSON of this JSON Schema")
      ->type_name("FILE");
  command->add_flag("-x,--extract", options->extract, "Print the first block of code alone");
  command->add_flag("--no-stream", options->no_stream, "Print the answer when it is whole");
  command->add_flag("-u,--usage", options->usage, "Say on stderr how many tokens it took");
  command->add_flag("--dry-run", options->dry_run, "Print the request instead of sending it");
  add_via_options(*command, options->via);
  command->footer(
      "\nExamples:\n"
      "  gembal chat 'What is a monad?'\n"
      "  git diff | gembal chat 'Write a commit message.'\n"
      "  gembal chat -f photo.jpg 'What is this?'\n"
      "  gembal chat -c 'And the second one?'          go on with the last chat\n"
      "  gembal chat -x 'A sed line that joins the lines of notes.txt.' | sh\n"
      "  gembal chat --json 'Name three rivers.' | jq -r .text\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return run_chat(context, *options); };
  });
}

}  // namespace gembal::cmd
