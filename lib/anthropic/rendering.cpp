#include "lib/anthropic/rendering.hpp"

#include <algorithm>

#include "lib/anthropic/error.hpp"

namespace gembal::anthropic {
namespace {

/// Null when the answer was not refused.
Json stop_details(std::string_view stop_reason, const std::string& why) {
  if (stop_reason != "refusal") return nullptr;
  Json details = {{"type", "refusal"}, {"category", nullptr}, {"explanation", nullptr}};
  if (!why.empty()) details["explanation"] = why;
  return details;
}

}  // namespace

std::string stop_reason(std::string_view upstreams, bool has_calls) {
  if (upstreams.empty()) return "";
  if (upstreams == "MAX_TOKENS" || upstreams == "CONTINUATION") return "max_tokens";
  if (upstreams == "TOO_MANY_TOOL_CALLS") return "pause_turn";
  if (gemini::is_refusal(upstreams)) return "refusal";
  return has_calls ? "tool_use" : "end_turn";
}

Json usage_of(const gemini::Usage& usage, std::size_t searches) {
  Json made = {{"input_tokens", std::max<std::int64_t>(usage.prompt - usage.cached, 0)},
               {"cache_creation_input_tokens", 0},
               {"cache_read_input_tokens", usage.cached},
               {"output_tokens", usage.answer + usage.thoughts},
               {"output_tokens_details", {{"thinking_tokens", usage.thoughts}}},
               {"server_tool_use", nullptr}};
  if (searches > 0)
    made["server_tool_use"] = {{"web_search_requests", searches}, {"web_fetch_requests", 0}};
  return made;
}

MessageRendering::MessageRendering(MessageIdentity identity, MessageWishes wishes,
                                   KeepSignature keep_signature)
    : identity_(std::move(identity)),
      wishes_(wishes),
      keep_signature_(std::move(keep_signature)),
      teller_(identity_.id, wishes_, keep_signature_, events_) {}

Json MessageRendering::message() const {
  return {{"id", identity_.id},       {"type", "message"},        {"role", "assistant"},
          {"model", identity_.model}, {"content", Json::array()}, {"stop_reason", nullptr},
          {"stop_sequence", nullptr}, {"stop_details", nullptr}};
}

void MessageRendering::note(gemini::Reply& reply) {
  if (reply.usage) usage_ = *reply.usage;
  if (!reply.refusal.empty()) {
    refusal_ = std::move(reply.refusal);
    stop_reason_ = "refusal";
  }
  if (reply.candidates.empty()) return;
  auto& candidate = reply.candidates.front();
  if (!candidate.finish_reason.empty()) upstreams_reason_ = std::move(candidate.finish_reason);
}

Result<std::string> MessageRendering::whole(std::vector<gemini::Reply> replies) {
  if (replies.empty() || (replies.front().candidates.empty() && replies.front().refusal.empty()))
    return Error{ErrorKind::upstream, "the upstream's answer has nothing in it", ""};
  auto& reply = replies.front();
  BlockList blocks;
  BlockTeller teller(identity_.id, wishes_, keep_signature_, blocks);
  note(reply);
  if (!reply.candidates.empty()) {
    auto& candidate = reply.candidates.front();
    teller.ground(std::move(candidate.grounding));
    teller.tell(std::move(candidate.pieces));
  }
  teller.end();
  if (stop_reason_.empty())
    stop_reason_ =
        stop_reason(upstreams_reason_.empty() ? "STOP" : upstreams_reason_, teller.has_calls());
  Json body = message();
  body["content"] = blocks.take();
  body["stop_reason"] = stop_reason_;
  body["stop_details"] = stop_details(stop_reason_, refusal_);
  body["usage"] = usage_of(usage_, teller.searches());
  return to_text(body);
}

std::string MessageRendering::start() {
  if (std::exchange(started_, true)) return "";
  Json opening = message();
  opening["usage"] = usage_of(usage_, 0);
  Json data = {{"type", "message_start"}};
  data["message"] = std::move(opening);
  return event("message_start", data);
}

std::string MessageRendering::push(gemini::Reply reply, std::size_t) {
  note(reply);
  std::string out = start();
  if (!reply.candidates.empty()) {
    auto& candidate = reply.candidates.front();
    teller_.tell(std::move(candidate.pieces));
    teller_.ground(std::move(candidate.grounding));
  }
  if (!upstreams_reason_.empty())
    stop_reason_ = stop_reason(upstreams_reason_, teller_.has_calls());
  return out + events_.take();
}

std::string MessageRendering::finish() {
  std::string out = start();
  teller_.end();
  out += events_.take();
  Json data = {{"type", "message_delta"}};
  data["delta"] = {{"stop_reason", stop_reason_},
                   {"stop_sequence", nullptr},
                   {"stop_details", stop_details(stop_reason_, refusal_)}};
  data["usage"] = usage_of(usage_, teller_.searches());
  out += event("message_delta", data);
  return out + event("message_stop", {{"type", "message_stop"}});
}

std::string MessageRendering::fail(int status, const Error& error) {
  return error_event(status == 503 ? kOverloaded : status, error.message);
}

std::string MessageRendering::heartbeat() { return event("ping", {{"type", "ping"}}); }

}  // namespace gembal::anthropic
