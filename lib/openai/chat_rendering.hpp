#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/audio/pcm.hpp"
#include "lib/gemini/rendering.hpp"
#include "lib/openai/chat.hpp"
#include "lib/openai/citations.hpp"

namespace gembal::openai {

/// What all chunks of one answer, or the whole answer, have in common.
struct ReplyIdentity {
  std::string id;            ///< "chatcmpl-…"
  std::int64_t created = 0;  ///< seconds since 1970
  std::string model;         ///< as the client asked for it
};

/// Told of the signature of each tool call, by the id under which the client sees the call.
using KeepSignature = std::function<void(const std::string& call_id, const std::string& signature)>;

/// Tells an answer as a chat completion, by the reference's section 13, or as chunks of one.
///
/// In a stream the role comes once, with the first chunk of each choice; the finish reason in a
/// last chunk of its own, because upstream may send more after it; the usage, when asked for, in
/// one more chunk without choices. A blocked prompt becomes a choice with a refusal.
class ChatRendering final : public gemini::Rendering {
 public:
  /// `answers`: calls that make up the answer. `keep_signature` may be empty.
  ChatRendering(ReplyIdentity identity, ChatWishes wishes, std::size_t answers,
                KeepSignature keep_signature);

  Result<std::string> whole(std::vector<gemini::Reply> replies) override;
  std::string push(gemini::Reply event, std::size_t call) override;
  bool finished() const override;
  std::string finish() override;
  std::string fail(int status, const Error& error) override;

 private:
  struct Choice {
    std::size_t calls = 0;
    std::string finish_reason;  ///< OpenAI's word; "" until known
    std::string refusal;
    CharacterIndex text;  ///< that was told so far
    Json annotations = empty_array();
    bool in_thoughts = false;  ///< between <thought> and </thought>
  };
  /// What pieces make of a message or a delta, in the order of its members.
  struct Parts {
    std::string text;
    std::string thoughts;
    std::string signature;
    Json calls = empty_array();
    Json images = empty_array();
    std::string sound;  ///< samples, base64, as upstream gives it
    audio::Pcm pcm;     ///< what it is
  };

  const std::string& opening();
  Choice& choice(std::int64_t index, std::string& out);
  Parts parts_of(std::vector<gemini::Piece> pieces, std::int64_t index, Choice& choice);
  void add_call(gemini::Piece piece, std::int64_t index, Choice& choice, Json& calls);
  std::string reason_of(const std::string& upstreams, const Choice& choice) const;
  Json message_of(Parts parts, Choice& choice);
  Json sound_of(const Parts& parts) const;
  Json delta_of(Parts parts);
  void append_chunk(std::string& out, std::int64_t index, const Json& delta,
                    const std::string& finish_reason);
  void count(const gemini::Reply& reply, std::size_t call);
  std::string usage() const;

  const ReplyIdentity identity_;
  const ChatWishes wishes_;
  const std::size_t answers_;
  const KeepSignature keep_signature_;
  std::string opening_;  ///< of each chunk, up to its choices; "": not needed yet
  std::map<std::int64_t, Choice> choices_;
  std::map<std::size_t, gemini::Usage> usage_;  ///< by call
};

/// "stop", "length", "tool_calls", "content_filter"; "" when there is no finish reason yet.
std::string finish_reason(std::string_view upstreams, bool has_calls);

/// OpenAI's usage, as JSON text: the completion includes the reasoning, so that prompt and
/// completion add up.
std::string usage_text(const gemini::Usage& usage);

/// The id of a tool call that upstream gave none: one answer never has an id twice, nor do two
/// answers of a conversation share one.
std::string made_up_call_id(std::string_view answer_id, std::int64_t choice, std::size_t number);

}  // namespace gembal::openai
