#include "lib/openai/response_rendering.hpp"

#include "lib/openai/response_items.hpp"

namespace gembal::openai {
namespace {

Json usage_json(const gemini::Usage& usage) {
  return {{"input_tokens", usage.prompt},
          {"input_tokens_details", {{"cached_tokens", usage.cached}, {"cache_write_tokens", 0}}},
          {"output_tokens", usage.answer + usage.thoughts},
          {"output_tokens_details", {{"reasoning_tokens", usage.thoughts}}},
          {"total_tokens", usage.total()}};
}

/// The code of a response's error: OpenAI's words for it are few.
const char* error_code(int status) {
  if (status == 429) return "rate_limit_exceeded";
  return status >= 400 && status < 500 && status != 408 ? "invalid_prompt" : "server_error";
}

}  // namespace

ResponseRendering::ResponseRendering(ReplyIdentity identity, ResponseWishes wishes, Json echo,
                                     bool is_streamed, KeepSignature keep_signature)
    : identity_(std::move(identity)),
      echo_(std::move(echo)),
      events_(is_streamed),
      output_(identity_.id, std::move(wishes), events_, std::move(keep_signature)) {}

Json ResponseRendering::response() const {
  Json made = {{"id", identity_.id}, {"object", "response"}, {"created_at", identity_.created},
               {"status", status_},  {"error", error_},      {"incomplete_details", incomplete_}};
  made.update(echo_);
  Json output = Json::array();
  for (const auto& item : output_.items()) output.push_back(public_item(item));
  made["output"] = std::move(output);
  made["usage"] = usage_ ? usage_json(*usage_) : Json();
  return made;
}

void ResponseRendering::tell_response(const char* event) {
  if (!events_.is_told()) return;
  Json members;
  members["response"] = response();
  events_.add_object(event, members);
}

std::string ResponseRendering::begin() {
  tell_response("response.created");
  tell_response("response.in_progress");
  return events_.take();
}

std::string ResponseRendering::push(gemini::Reply event, std::size_t /*call*/) {
  if (event.usage) usage_ = *event.usage;
  if (!event.refusal.empty() && !std::exchange(blocked_, true)) output_.refuse(event.refusal);
  for (auto& candidate : event.candidates) {
    if (candidate.index != 0) continue;
    for (auto& piece : candidate.pieces) output_.add(std::move(piece));
    if (!candidate.grounding.is_null()) grounding_ = std::move(candidate.grounding);
    if (!candidate.finish_reason.empty()) finish_reason_ = std::move(candidate.finish_reason);
  }
  return events_.take();
}

std::string ResponseRendering::end(const char* status, const char* event) {
  status_ = status;
  tell_response(event);
  return events_.take();
}

std::string ResponseRendering::finish() {
  const auto reason = blocked_ ? "content_filter" : finish_reason(finish_reason_, false);
  const bool is_complete = reason != "length" && reason != "content_filter";
  output_.finish(is_complete ? "completed" : "incomplete", grounding_);
  if (is_complete) return end("completed", "response.completed");
  incomplete_ = {{"reason", reason == "length" ? "max_output_tokens" : "content_filter"}};
  return end("incomplete", "response.incomplete");
}

std::string ResponseRendering::fail(int status, const Error& error) {
  output_.finish("incomplete", nullptr);
  if (error.kind == ErrorKind::cancelled) return end("cancelled", "response.incomplete");
  error_ = {{"code", error_code(status)}, {"message", error.message}};
  Json event = error_;
  event["param"] = nullptr;
  events_.add_object("error", event);
  return end("failed", "response.failed");
}

Result<std::string> ResponseRendering::whole(std::vector<gemini::Reply> replies) {
  for (auto& reply : replies) {
    if (reply.candidates.empty() && reply.refusal.empty())
      return Error{ErrorKind::upstream, "the upstream's answer has nothing in it", ""};
    push(std::move(reply), 0);
  }
  finish();
  return to_text(response());
}

}  // namespace gembal::openai
