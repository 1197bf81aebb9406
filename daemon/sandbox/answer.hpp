#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/sandbox/ask.hpp"

namespace gembal::sandbox {

/// One event of a stream: its parts, and what has been counted when it is sent.
struct Event {
  Json parts = Json::array();
  std::int64_t candidate_tokens = 0;  ///< so far
  std::int64_t thought_tokens = 0;    ///< so far
};

/// What the model says, before it is put into one reply or many events.
struct Answer {
  std::vector<Event> events;  ///< at least one, unless `blocked`
  std::string finish = "STOP";
  std::string finish_message;
  Json grounding;                ///< groundingMetadata, or null
  Json url_context;              ///< urlContextMetadata, or null
  std::int64_t tool_tokens = 0;  ///< toolUsePromptTokenCount
  std::string made_of = "TEXT";  ///< IMAGE and AUDIO are named in candidatesTokensDetails
  bool no_candidates = false;    ///< for broken answers
  bool empty_content = false;    ///< content is {}: a malformed call
  std::string block_reason;      ///< not empty: the prompt was blocked
};

/// Answers a request that understand() has passed. The same ask gives the same answer. `fault` may
/// be a content fault.
Answer compose(const Ask& ask, const std::optional<Fault>& fault);

/// The unary GenerateContentResponse.
Json to_response(const Ask& ask, const Answer& answer);

/// How many candidates the request asks for.
std::int64_t candidates_asked_for(const Ask& ask);

/// Adds to the response of the first candidate those that were asked for besides, each with an
/// answer of its own.
void add_candidates(Json& response, const Ask& ask, const std::optional<Fault>& fault);

/// The same answer as the values of a stream.
std::vector<Json> to_chunks(const Ask& ask, const Answer& answer);

/// All parts of the answer, pieces of one text joined.
Json joined_parts(const Answer& answer);

}  // namespace gembal::sandbox
