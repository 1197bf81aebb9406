#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::openai {

/// What all chunks of one answer, or the whole answer, have in common.
struct ReplyIdentity {
  std::string id;            ///< "chatcmpl-…"
  std::int64_t created = 0;  ///< seconds since 1970
  std::string model;         ///< as the client asked for it
};

/// Translates a whole generateContent reply by the reference's section 13. A blocked prompt becomes
/// a choice with a refusal. Errors: upstream (not such a reply, or an error object).
Result<std::string> chat_reply(std::string_view gemini_body, const ReplyIdentity& identity);

/// What the parts of one candidate hold, whole or of one event.
struct Pieces {
  std::string text;
  std::string thoughts;
  std::string signature;            ///< of the text; "" mostly
  Json tool_calls = Json::array();  ///< whole OpenAI tool calls, without index
  Json images = Json::array();
};

/// `calls_before`: tool calls given earlier in this answer, so that made-up ids stay apart.
Pieces pieces_of(const Json& candidate, const ReplyIdentity& identity, std::size_t calls_before);

/// "stop", "length", "tool_calls", "content_filter"; "" when there is no finish reason yet.
std::string finish_reason(std::string_view gemini_reason, bool has_calls);

/// OpenAI's usage of a usageMetadata object: the completion includes the reasoning, so that prompt
/// and completion add up.
Json usage_of(const Json& metadata);

/// Why a prompt was blocked, as a sentence; "" when it was not.
std::string refusal_of(const Json& reply);

}  // namespace gembal::openai
