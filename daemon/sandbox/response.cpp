// Puts an Answer into GenerateContentResponse messages, their members in the order of recorded
// replies.

#include <algorithm>

#include "daemon/sandbox/answer.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

Json modality_list(const std::vector<std::pair<std::string, std::int64_t>>& counts) {
  Json list = Json::array();
  for (const auto& [modality, count] : counts)
    list.push_back({{"modality", modality}, {"tokenCount", count}});
  return list;
}

bool any_has(const Json& parts, const char* member) {
  return std::any_of(parts.begin(), parts.end(),
                     [member](const Json& part) { return find(part, member) != nullptr; });
}

Json usage_json(const Ask& ask, const Answer& answer, const Event& event, bool last) {
  const auto prompt = ask.tokens.total();
  const auto tools = last ? answer.tool_tokens : 0;
  // Thoughts are counted once the thinking is over.
  const auto thoughts = !last && any_has(event.parts, "thought") ? 0 : event.thought_tokens;
  Json usage = {{"promptTokenCount", prompt}};
  if (ask.cached_tokens > 0) usage["cachedContentTokenCount"] = ask.cached_tokens;
  if (event.candidate_tokens > 0) usage["candidatesTokenCount"] = event.candidate_tokens;
  usage["totalTokenCount"] = prompt + event.candidate_tokens + thoughts + tools;
  usage["promptTokensDetails"] = modality_list(ask.tokens.by_modality);
  if (ask.cached_tokens > 0)
    usage["cacheTokensDetails"] = modality_list({{"TEXT", ask.cached_tokens}});
  if (answer.made_of != "TEXT" && event.candidate_tokens > 0) {
    usage["candidatesTokensDetails"] = modality_list({{answer.made_of, event.candidate_tokens}});
  }
  if (tools > 0) {
    usage["toolUsePromptTokenCount"] = tools;
    usage["toolUsePromptTokensDetails"] = modality_list({{"TEXT", tools}});
  }
  if (thoughts > 0) usage["thoughtsTokenCount"] = thoughts;
  usage["serviceTier"] = "standard";
  return usage;
}

Json ratings(const char* worst) {
  Json list = Json::array();
  for (const char* category : {"HARM_CATEGORY_SEXUALLY_EXPLICIT", "HARM_CATEGORY_HATE_SPEECH",
                               "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_DANGEROUS_CONTENT"}) {
    const bool high = list.size() == 3;
    list.push_back({{"category", category}, {"probability", high ? worst : "NEGLIGIBLE"}});
    if (high) list.back()["blocked"] = true;
  }
  return list;
}

Json response_json(const Ask& ask, const Answer& answer, const Event& event, bool last) {
  Json response = Json::object();
  if (!answer.no_candidates) {
    Json content = Json::object();
    if (!answer.empty_content) {
      if (!event.parts.empty()) content["parts"] = event.parts;
      content["role"] = "model";
    }
    Json candidate = {{"content", std::move(content)}};
    if (last) candidate["finishReason"] = answer.finish;
    candidate["index"] = 0;
    // Of a call, it stands beside the call itself: not where a stream ends with another event.
    const bool has_message = answer.finish != "STOP" || any_has(event.parts, "functionCall");
    if (last && has_message && !answer.finish_message.empty())
      candidate["finishMessage"] = answer.finish_message;
    if (last && answer.finish == "SAFETY") candidate["safetyRatings"] = ratings("HIGH");
    // While it searches, the API sends the metadata empty until they are complete.
    if (answer.grounding.is_object())
      candidate["groundingMetadata"] = last ? answer.grounding : Json::object();
    if (last && answer.url_context.is_object())
      candidate["urlContextMetadata"] = answer.url_context;
    response["candidates"] = Json::array({std::move(candidate)});
  }
  if (!answer.block_reason.empty())
    response["promptFeedback"] = {{"blockReason", answer.block_reason}};
  response["usageMetadata"] = usage_json(ask, answer, event, last);
  const Model& model = *ask.model;
  response["modelVersion"] = *model.answers_as ? model.answers_as : model.id;
  response["responseId"] = ask.response_id;
  return response;
}

bool is_text(const Json& part) { return find(part, "text") != nullptr; }

/// Puts sound behind sound; false when either is something else.
bool join_sound(Json& previous, const Json& part) {
  const Json* more = find(part, "inlineData");
  const auto found = previous.find("inlineData");
  if (!more || found == previous.end()) return false;
  const auto type = string_in(*more, "mimeType");
  if (!type.starts_with("audio/") || string_in(*found, "mimeType") != type) return false;
  auto& data = (*found)["data"].get_ref<std::string&>();
  data += string_in(*more, "data");  // all but the last are whole groups of three bytes
  return true;
}

}  // namespace

Json joined_parts(const Answer& answer) {
  Json joined = Json::array();
  for (const auto& event : answer.events) {
    for (const auto& part : event.parts) {
      Json* previous = joined.empty() ? nullptr : &joined.back();
      if (previous && join_sound(*previous, part)) continue;
      const bool joins = previous && is_text(part) && is_text(*previous) &&
                         !find(*previous, "thoughtSignature") &&
                         bool_in(part, "thought") == bool_in(*previous, "thought");
      if (joins) {
        (*previous)["text"] =
            std::string(string_in(*previous, "text")) + std::string(string_in(part, "text"));
        if (const Json* signature = find(part, "thoughtSignature"))
          (*previous)["thoughtSignature"] = *signature;
      } else if (!is_text(part) || !string_in(part, "text").empty() ||
                 find(part, "thoughtSignature")) {
        joined.push_back(part);
      }
    }
  }
  return joined;
}

Json to_response(const Ask& ask, const Answer& answer) {
  Event whole = answer.events.empty() ? Event{} : answer.events.back();
  whole.parts = joined_parts(answer);
  return response_json(ask, answer, whole, true);
}

std::int64_t candidates_asked_for(const Ask& ask) {
  const Json* count = ask.config("candidateCount");
  return count && count->is_number_integer() ? count->get<std::int64_t>() : 1;
}

void add_candidates(Json& response, const Ask& ask, const std::optional<Fault>& fault) {
  for (std::int64_t i = 1; i < candidates_asked_for(ask); ++i) {
    Ask other = ask;
    other.seed += static_cast<std::uint64_t>(i);
    Json more = to_response(other, compose(other, fault));
    if (!find(response, "candidates") || !find(more, "candidates")) return;
    more["candidates"][0]["index"] = i;
    response["candidates"].push_back(std::move(more["candidates"][0]));
    Json& usage = response["usageMetadata"];
    for (const char* name : {"candidatesTokenCount", "thoughtsTokenCount"}) {
      const auto count = integer_in(more["usageMetadata"], name).value_or(0);
      if (count == 0) continue;
      usage[name] = integer_in(usage, name).value_or(0) + count;
      usage["totalTokenCount"] = integer_in(usage, "totalTokenCount").value_or(0) + count;
    }
  }
}

std::vector<Json> to_chunks(const Ask& ask, const Answer& answer) {
  std::vector<Json> chunks;
  for (std::size_t i = 0; i < answer.events.size(); ++i) {
    chunks.push_back(response_json(ask, answer, answer.events[i], i + 1 == answer.events.size()));
  }
  return chunks;
}

}  // namespace gembal::sandbox
