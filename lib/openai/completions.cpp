#include "lib/openai/completions.hpp"

#include <algorithm>
#include "lib/gemini/shown_text.hpp"

#include "lib/gemini/conversation.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/chat_config.hpp"
#include "lib/openai/error.hpp"

namespace gembal::openai {
namespace {

using gemini::Piece;

constexpr std::int64_t kMostChoices = 8;  // of one prompt
constexpr std::size_t kMostCalls = 64;

constexpr const char* kFillTheGap =
    "You fill gaps in texts. You are given the text before a gap and the text after it. Answer "
    "with exactly what belongs into the gap and nothing else: no explanation, no quotes, no code "
    "fence, and nothing of what surrounds the gap.";

Result<void> take_prompts(const Json& request, CompletionCall& call) {
  const Json* prompt = find(request, "prompt");
  if (!prompt || prompt->is_null()) return bad("prompt", "'prompt' is missing");
  const Json list = prompt->is_array() ? *prompt : Json::array({*prompt});
  if (list.empty()) return bad("prompt", "'prompt' must not be empty");
  for (const auto& one : list) {
    if (one.is_number() || one.is_array()) {
      return bad("prompt",
                 "'prompt' must be text: arrays of token ids cannot be turned back into text");
    }
    if (!one.is_string() || one.get_ref<const std::string&>().empty())
      return bad("prompt", "'prompt' must be a text or a list of texts, and none of them empty");
    call.prompts.push_back(one.get<std::string>());
  }
  return {};
}

Result<void> take_choices(const Json& request, CompletionCall& call) {
  Json counts = Json::object();
  if (auto taken = take_count(request, "n", counts, "n", kMostChoices); !taken) return taken;
  if (auto taken = take_count(request, "best_of", counts, "best_of", 20); !taken) return taken;
  const auto n = counts.value("n", std::int64_t{1});
  // Nothing tells which of several is the best: no more are asked for than are wanted.
  if (counts.value("best_of", n) < n) return bad("best_of", "'best_of' must not be less than 'n'");
  call.choices_per_prompt = static_cast<std::size_t>(n);
  if (call.calls() > kMostCalls) {
    return bad("prompt", "prompts and 'n' make " + std::to_string(call.calls()) +
                             " choices; one request may have " + std::to_string(kMostCalls));
  }
  return {};
}

std::string text_of(const std::vector<Piece>& pieces) {
  std::string text;
  for (const auto& piece : pieces) {
    if (piece.kind == Piece::Kind::text) text += piece.text;
    if (piece.kind == Piece::Kind::code) text += gemini::code_block(piece.name, piece.text);
    if (piece.kind == Piece::Kind::code_result)
      text += gemini::code_result_block(piece.name, piece.text);
  }
  return text;
}

}  // namespace

Result<CompletionCall> translate_completion(const Json& request, std::string_view model) {
  if (!request.is_object())
    return Error{ErrorKind::bad_request, "the request body must be a JSON object", ""};
  CompletionCall call;
  call.model = gemini::bare_model(model.empty() ? string_in(request, "model") : model);
  if (!gemini::is_valid_model(call.model)) return bad("model", "'model' must name a model");
  call.stream = bool_in(request, "stream").value_or(false);
  call.echo = bool_in(request, "echo").value_or(false);
  call.suffix = string_in(request, "suffix");
  if (const Json* options = find(request, "stream_options"))
    call.include_usage = bool_in(*options, "include_usage").value_or(false);
  if (auto taken = take_prompts(request, call); !taken) return std::move(taken).error();
  if (auto taken = take_choices(request, call); !taken) return std::move(taken).error();
  const auto traits = gemini::traits_of(call.model);
  call.body = Json::object();
  if (auto taken = translate_config(request, traits, call.body); !taken)
    return std::move(taken).error();
  // Who speaks this API gives few tokens, and means them for the text.
  auto thinking = gemini::thinking_config(traits, gemini::Effort::none);
  if (!thinking.is_null() && !find(request, "reasoning_effort"))
    call.body["generationConfig"]["thinkingConfig"] = std::move(thinking);
  return call;
}

void put_prompt(const CompletionCall& completion, std::size_t call, Json& body) {
  const auto traits = gemini::traits_of(completion.model);
  const auto& prompt = completion.prompt_of(call);
  gemini::ConversationBuilder builder(traits, {});
  if (completion.suffix.empty()) {
    builder.user(Json::array({{{"text", prompt}}}));
  } else {
    builder.system(Json::array({{{"text", kFillTheGap}}}));
    builder.user(Json::array({{{"text", "The text before the gap:\n" + prompt}},
                              {{"text", "The text after the gap:\n" + completion.suffix}}}));
  }
  std::move(builder).finish().put_into(body, traits);
}

CompletionRendering::CompletionRendering(ReplyIdentity identity, const CompletionCall& completion)
    : identity_(std::move(identity)), completion_(completion) {
  Json opening = {{"id", identity_.id},
                  {"object", "text_completion"},
                  {"created", identity_.created},
                  {"model", identity_.model}};
  opening_ = to_text(opening);
  opening_.back() = ',';  // in place of the closing brace
}

void CompletionRendering::count(const gemini::Reply& reply, std::size_t call) {
  if (reply.usage) usage_[call] = *reply.usage;
}

/// A prompt counts once, however many choices it has.
std::string CompletionRendering::usage() const {
  std::map<std::size_t, gemini::Usage> prompts;
  gemini::Usage sum;
  for (const auto& [call, one] : usage_) {
    auto& prompt = prompts[call / completion_.choices_per_prompt];
    prompt.prompt = std::max(prompt.prompt, one.prompt);
    prompt.cached = std::max(prompt.cached, one.cached);
    sum.answer += one.answer;
    sum.thoughts += one.thoughts;
  }
  for (const auto& [number, prompt] : prompts) {
    sum.prompt += prompt.prompt;
    sum.cached += prompt.cached;
  }
  return usage_text(sum);
}

Result<std::string> CompletionRendering::whole(std::vector<gemini::Reply> replies) {
  Json choices = Json::array();
  for (std::size_t call = 0; call < replies.size(); ++call) {
    const auto& reply = replies[call];
    count(reply, call);
    std::string text = completion_.echo ? completion_.prompt_of(call) : "";
    std::string reason = reply.refusal.empty() ? "" : "content_filter";
    if (!reply.candidates.empty()) {
      const auto& candidate = reply.candidates.front();
      text += text_of(candidate.pieces);
      reason = finish_reason(candidate.finish_reason, false);
      if (reason.empty()) reason = "stop";
    }
    if (reason.empty())
      return Error{ErrorKind::upstream, "the upstream's answer has nothing in it", ""};
    choices.push_back({{"text", std::move(text)},
                       {"index", call},
                       {"logprobs", nullptr},
                       {"finish_reason", std::move(reason)}});
  }
  Json body = {{"id", identity_.id},
               {"object", "text_completion"},
               {"created", identity_.created},
               {"model", identity_.model}};
  body["choices"] = std::move(choices);
  auto text = to_text(body);
  text.back() = ',';  // in place of the closing brace
  return text.append(R"("usage":)").append(usage()).append("}");
}

void CompletionRendering::append_chunk(std::string& out, std::size_t index, const std::string& text,
                                       const std::string& finish_reason) const {
  out.append("data: ").append(opening_).append(R"("choices":[{"text":)").append(to_text(text));
  out.append(R"(,"index":)").append(std::to_string(index));
  out.append(R"(,"logprobs":null,"finish_reason":)");
  out.append(finish_reason.empty() ? "null" : "\"" + finish_reason + "\"");
  out.append(completion_.include_usage ? R"(}],"usage":null})" : "}]}").append("\n\n");
}

std::string CompletionRendering::push(gemini::Reply event, std::size_t call) {
  std::string out;
  count(event, call);
  const auto [reason, is_new] = reasons_.try_emplace(call);
  if (is_new && completion_.echo) append_chunk(out, call, completion_.prompt_of(call), "");
  if (!event.refusal.empty()) reason->second = "content_filter";
  for (const auto& candidate : event.candidates) {
    const auto text = text_of(candidate.pieces);
    if (!text.empty()) append_chunk(out, call, text, "");
    if (auto ended = finish_reason(candidate.finish_reason, false); !ended.empty())
      reason->second = std::move(ended);
  }
  return out;
}

bool CompletionRendering::finished() const {
  return reasons_.size() == completion_.calls() &&
         std::all_of(reasons_.begin(), reasons_.end(),
                     [](const auto& entry) { return !entry.second.empty(); });
}

std::string CompletionRendering::finish() {
  std::string out;
  for (const auto& [call, reason] : reasons_) append_chunk(out, call, "", reason);
  if (completion_.include_usage) {
    out.append("data: ").append(opening_).append(R"("choices":[],"usage":)");
    out.append(usage()).append("}\n\n");
  }
  return out + "data: [DONE]\n\n";
}

std::string CompletionRendering::fail(int status, const Error& error) {
  return error_event(status, error.message);
}

}  // namespace gembal::openai
