#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::gemini {

/// One part of an answer, or of an event's share of it.
struct Piece {
  enum class Kind {
    text,
    thought,
    call,         ///< of a function
    code,         ///< that the model wrote and upstream ran
    code_result,  ///< what that printed
    media,        ///< a picture or sound, in base64
  };

  Kind kind = Kind::text;
  std::string text;       ///< text and thought; of code its source, of its result what it printed
  std::string name;       ///< the function; of code its language, of its result the outcome
  Json args;              ///< of a call: an object
  std::string id;         ///< of a call; "" when upstream gave none
  std::string mime_type;  ///< of media
  std::string data;       ///< of media: base64
  std::string link;       ///< of a picture: where it was put for the client; "" mostly
  std::string signature;  ///< opaque; "" mostly
};

/// What a reply or an event says of one candidate.
struct Candidate {
  std::int64_t index = 0;
  std::vector<Piece> pieces;
  std::string finish_reason;  ///< upstream's word; "" when the candidate goes on
  Json grounding;             ///< groundingMetadata; null mostly
  Json url_context;           ///< urlContextMetadata; null mostly
  Json logprobs;              ///< logprobsResult; null mostly
};

/// Tokens, as far as upstream told. In streams each event has the sum so far.
struct Usage {
  std::int64_t prompt = 0;  ///< with what tools and caches put there
  std::int64_t cached = 0;  ///< of the prompt
  std::int64_t answer = 0;  ///< without thoughts
  std::int64_t thoughts = 0;
  std::int64_t prompt_audio = 0;  ///< of the prompt
  std::int64_t answer_audio = 0;  ///< of the answer

  std::int64_t total() const { return prompt + answer + thoughts; }
};

/// A generateContent reply, or one event of a stream.
struct Reply {
  std::vector<Candidate> candidates;
  std::optional<Usage> usage;
  std::string refusal;  ///< why the prompt was blocked, as a sentence; "" when it was not
};

/// Reads a reply by the reference's section 5. What is unknown is passed over. Errors: upstream (no
/// such reply, or an error object). `room`: as parse_json() has it.
Result<Reply> read_reply(std::string_view json, std::size_t room = 0);
inline Result<Reply> read_reply(const std::string& json) {
  return read_reply(json, json.capacity() - json.size());
}
inline Result<Reply> read_reply(const char* json) { return read_reply(std::string_view(json)); }

/// Whether an answer ended with this finish reason because it, or its prompt, was not wanted.
bool is_refusal(std::string_view finish_reason);

}  // namespace gembal::gemini
