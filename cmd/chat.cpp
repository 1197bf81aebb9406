#include <unistd.h>

#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "daemon/forwarding.hpp"
#include "daemon/live.hpp"
#include "daemon/store_writer.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/sse/parser.hpp"

namespace gembal::cmd {
namespace {

struct ChatOptions {
  std::vector<std::string> words;
  std::string model;
  std::string system;  ///< text, or "@FILE"
  std::optional<double> temperature;
  std::optional<int> max_tokens;
  bool no_stream = false;
  bool usage = false;
  bool dry_run = false;
};

/// The answer as far as it has come.
struct Answer {
  std::string text;
  std::string model;
  std::string finish_reason;
  std::string block_reason;
  Json usage = Json::object();
  Json sources = Json::array();
};

/// Standard input, when it is not a terminal, goes before the words of the command line.
Result<std::string> prompt_from(const ChatOptions& options) {
  std::string prompt = join(options.words, " ");
  if (::isatty(STDIN_FILENO) != 1) {
    auto input = read_input();
    if (!input) return input;
    if (!trim(*input).empty()) prompt = prompt.empty() ? *input : *input + "\n\n" + prompt;
  }
  if (trim(prompt).empty())
    return Error{ErrorKind::usage, "there is nothing to ask", "give a prompt, or pipe text in"};
  if (!is_valid_utf8(prompt))
    return Error{ErrorKind::usage, "the prompt is not valid UTF-8", "convert it with iconv first"};
  return prompt;
}

Result<std::string> request_body(const ChatOptions& options) {
  auto prompt = prompt_from(options);
  if (!prompt) return prompt;
  std::string system = options.system;
  if (system.starts_with('@')) {
    auto content = read_file(system.substr(1));
    if (!content) return content;
    system = *std::move(content);
  }
  Json body = Json::object();
  if (!system.empty()) body["systemInstruction"] = {{"parts", Json::array({{{"text", system}}})}};
  body["contents"] =
      Json::array({{{"role", "user"}, {"parts", Json::array({{{"text", *prompt}}})}}});
  if (options.temperature) body["generationConfig"]["temperature"] = *options.temperature;
  if (options.max_tokens) body["generationConfig"]["maxOutputTokens"] = *options.max_tokens;
  return to_text(body);
}

/// Takes one reply or event in; returns the text that it adds. Thoughts are not part of the answer.
std::string take(Answer& answer, const Json& reply) {
  std::string added;
  if (const auto model = string_in(reply, "modelVersion"); !model.empty()) answer.model = model;
  if (const Json* usage = find(reply, "usageMetadata")) answer.usage = *usage;
  if (const Json* feedback = find(reply, "promptFeedback"))
    answer.block_reason = string_in(*feedback, "blockReason");
  const Json* candidates = find(reply, "candidates");
  if (!candidates || !candidates->is_array() || candidates->empty()) return added;
  const Json& candidate = candidates->front();
  if (const auto reason = string_in(candidate, "finishReason"); !reason.empty())
    answer.finish_reason = reason;
  if (const Json* grounding = find(candidate, "groundingMetadata")) {
    if (const Json* chunks = find(*grounding, "groundingChunks"); chunks && chunks->is_array()) {
      for (const auto& chunk : *chunks) {
        const Json* web = find(chunk, "web");
        if (web)
          answer.sources.push_back(
              {{"title", string_in(*web, "title")}, {"url", string_in(*web, "uri")}});
      }
    }
  }
  const Json* content = find(candidate, "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  if (!parts || !parts->is_array()) return added;
  for (const auto& part : *parts) {
    if (!bool_in(part, "thought").value_or(false)) added += string_in(part, "text");
  }
  answer.text += added;
  return added;
}

Json usage_json(const Answer& answer) {
  const auto count = [&](const char* name) { return integer_in(answer.usage, name).value_or(0); };
  return {{"prompt_tokens", count("promptTokenCount")},
          {"completion_tokens", count("candidatesTokenCount") + count("thoughtsTokenCount")},
          {"reasoning_tokens", count("thoughtsTokenCount")},
          {"total_tokens", count("totalTokenCount")}};
}

/// One question, from taking a key to the last word.
class Asking {
 public:
  Asking(const Context& context, const ChatOptions& options, async::Loop& loop,
         async::Interrupt& interrupt, keypool::KeyPool& pool,
         std::function<void(keypool::Report)> learned)
      : context_(context),
        options_(options),
        interrupt_(interrupt),
        client_(loop, {}),
        dispatcher_(loop, client_, pool, std::move(learned)) {}

  async::Task<Result<Answer>> ask(upstream::Call call, upstream::Limits limits);

 private:
  async::Task<Result<void>> read_stream(upstream::Answer& reply);
  async::Task<Result<void>> read_whole(upstream::Answer& reply);
  Result<void> show(std::string_view json);

  const Context& context_;
  const ChatOptions& options_;
  async::Interrupt& interrupt_;
  http::Client client_;
  upstream::Dispatcher dispatcher_;
  Answer answer_;
};

Result<void> Asking::show(std::string_view json) {
  const auto reply = parse_json(json);
  if (!reply) return Error{ErrorKind::upstream, "the upstream's answer cannot be read", ""};
  if (find(*reply, "error")) return Error{ErrorKind::upstream, gemini::message_of(json), ""};
  const auto added = take(answer_, *reply);
  if (context_.json || added.empty()) return {};
  if (!print(added)) return Error{ErrorKind::io, "", ""};  // nobody reads any more
  return {};
}

async::Task<Result<void>> Asking::read_stream(upstream::Answer& reply) {
  sse::Parser events;
  while (const auto piece = co_await reply.next()) {
    events.feed(*piece);
    while (const auto event = events.next()) {
      if (auto shown = show(event->data); !shown) co_return shown;
    }
  }
  if (reply.error()) co_return *reply.error();
  if (const auto tail = trim(events.tail()); !tail.empty()) co_return show(tail);
  co_return Result<void>{};
}

async::Task<Result<void>> Asking::read_whole(upstream::Answer& reply) {
  const auto body = co_await reply.rest(256u << 20);
  if (!body) co_return body.error();
  co_return show(*body);
}

async::Task<Result<Answer>> Asking::ask(upstream::Call call, upstream::Limits limits) {
  upstream::Journey journey;
  auto opened = co_await dispatcher_.open(std::move(call), limits, interrupt_, journey);
  if (!opened) co_return std::move(opened).error();
  if (opened->status() >= 400) {
    const int status = opened->status();
    const auto body = co_await opened->rest(1 << 20);
    const auto kind = status < 500 ? ErrorKind::bad_request : ErrorKind::upstream;
    co_return Error{
        kind,
        "the API answered " + std::to_string(status) + ": " + gemini::message_of(body ? *body : ""),
        ""};
  }
  Result<void> read;
  if (options_.no_stream) {
    read = co_await read_whole(*opened);
  } else {
    read = co_await read_stream(*opened);
  }
  if (!read) {
    if (!context_.json && !answer_.text.empty() && !answer_.text.ends_with('\n')) print("\n");
    co_return std::move(read).error();
  }
  co_return std::move(answer_);
}

/// What the way in which an answer ended means for the exit status.
Result<void> judge_end(const Answer& answer) {
  if (!answer.block_reason.empty())
    return Error{ErrorKind::refused, "the prompt was blocked: " + answer.block_reason, ""};
  const std::string& reason = answer.finish_reason;
  if (reason.empty()) return Error{ErrorKind::upstream, "the answer broke off", "ask again"};
  if (reason == "SAFETY" || reason == "RECITATION" || reason == "BLOCKLIST" ||
      reason == "PROHIBITED_CONTENT" || reason == "SPII") {
    return Error{ErrorKind::refused, "the answer was stopped: " + reason, ""};
  }
  return {};
}

Result<int> chat(Context& context, const ChatOptions& options) {
  auto loaded = context.load();
  if (!loaded) return std::move(loaded).error();
  const auto model =
      gemini::bare_model(options.model.empty() ? loaded->config.client.model : options.model);
  if (!gemini::is_valid_model(model))
    return Error{ErrorKind::usage, "'" + model + "' is no name of a model", ""};
  auto body = request_body(options);
  if (!body) return std::move(body).error();
  const auto live = daemon::make_live(loaded->config, {}, false);
  if (!live) return live.error();

  upstream::Call call;
  call.url = options.no_stream
                 ? (*live)->upstream.url("/models/" + model + ":generateContent")
                 : (*live)->upstream.url("/models/" + model + ":streamGenerateContent", "alt=sse");
  call.headers = (*live)->extra_headers;
  call.headers.push_back("content-type: application/json");
  call.model = model;
  call.form = options.no_stream ? upstream::Form::unary : upstream::Form::sse;
  if (options.dry_run) {
    const auto pretty = parse_json(*body);
    print("POST " + call.url + "\n" + to_pretty_text(*pretty) + "\n");
    return 0;
  }
  call.body = std::make_shared<const std::string>(*std::move(body));

  auto store = store::KeyStore::open(loaded->config.store.url);
  if (!store) return std::move(store).error();
  keypool::KeyPool pool(loaded->config.pool.policy);
  const auto filled = daemon::load_pool(*store, pool, std::chrono::system_clock::now());
  if (!filled) return filled.error();
  std::vector<keypool::Change> changes;

  async::Loop loop;
  async::Interrupt interrupt;
  Asking asking(context, options, loop, interrupt, pool, [&changes](keypool::Report report) {
    std::move(report.changes.begin(), report.changes.end(), std::back_inserter(changes));
  });
  auto answer = run_until_done(loop, interrupt, asking.ask(std::move(call), (*live)->limits));
  auto used = pool.take_usage(std::chrono::system_clock::now());
  if (auto kept = store->write({std::move(changes), std::move(used), {}}); !kept)
    print_error(context, kept.error());
  if (!answer) {
    if (interrupt.raised()) return Error{ErrorKind::cancelled, "interrupted", ""};
    if (answer.error().message.empty()) return 0;
    return std::move(answer).error();
  }
  if (!context.json && !answer->text.empty() && !answer->text.ends_with('\n')) print("\n");
  if (options.usage && !context.json) {
    const auto usage = usage_json(*answer);
    std::fprintf(stderr, "%lld prompt + %lld answer tokens\n",
                 usage["prompt_tokens"].get<long long>(),
                 usage["completion_tokens"].get<long long>());
  }
  if (auto ended = judge_end(*answer); !ended) return std::move(ended).error();
  if (context.json) {
    print(to_text({{"text", answer->text},
                   {"model", answer->model.empty() ? model : answer->model},
                   {"finish_reason", answer->finish_reason},
                   {"usage", usage_json(*answer)},
                   {"sources", answer->sources}}) +
          "\n");
  }
  return 0;
}

}  // namespace

void add_chat_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ChatOptions>();
  auto* command = app.add_subcommand("chat", "Ask a model; the answer is printed as it comes");
  command->add_option("prompt", options->words, "What to ask; piped text goes before it")
      ->type_name("PROMPT");
  command->add_option("-m,--model", options->model, "Model (client.model)")->type_name("MODEL");
  command->add_option("-s,--system", options->system, "System instruction, or @FILE")
      ->type_name("TEXT");
  command->add_option("-t,--temperature", options->temperature, "From 0 to 2")
      ->check(CLI::Range(0.0, 2.0))
      ->type_name("T");
  command->add_option("--max-tokens", options->max_tokens, "Length of the answer at most")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("--no-stream", options->no_stream, "Print the answer when it is whole");
  command->add_flag("-u,--usage", options->usage, "Say on stderr how many tokens it took");
  command->add_flag("--dry-run", options->dry_run, "Print the request instead of sending it");
  command->footer(
      "\nExamples:\n"
      "  gembal chat 'What is a monad?'\n"
      "  git diff | gembal chat 'Write a commit message.'\n"
      "  gembal chat --json -m gemini-pro-latest 'Name three rivers.' | jq -r .text\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return chat(context, *options); };
  });
}

}  // namespace gembal::cmd
