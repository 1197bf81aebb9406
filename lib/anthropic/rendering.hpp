#pragma once

#include <string>
#include <vector>

#include "lib/anthropic/block_teller.hpp"
#include "lib/anthropic/blocks.hpp"
#include "lib/anthropic/messages.hpp"
#include "lib/gemini/rendering.hpp"

namespace gembal::anthropic {

/// What a message, whole or streamed, says of itself.
struct MessageIdentity {
  std::string id;     ///< "msg_…"
  std::string model;  ///< as the client asked for it
};

/// Tells an answer as a message, or as the events of one: message_start, the blocks,
/// message_delta, message_stop. A blocked prompt becomes a message without content that stopped for
/// "refusal".
class MessageRendering final : public gemini::Rendering {
 public:
  /// `keep_signature` may be empty.
  MessageRendering(MessageIdentity identity, MessageWishes wishes, KeepSignature keep_signature);

  Result<std::string> whole(std::vector<gemini::Reply> replies) override;
  std::string push(gemini::Reply event, std::size_t call) override;
  bool finished() const override { return !stop_reason_.empty(); }
  std::string finish() override;
  std::string fail(int status, const Error& error) override;
  std::string heartbeat() override;

 private:
  /// Takes in all but the pieces and what was found.
  void note(gemini::Reply& reply);
  std::string start();
  Json message() const;

  const MessageIdentity identity_;
  const MessageWishes wishes_;
  const KeepSignature keep_signature_;
  BlockEvents events_;
  BlockTeller teller_;
  gemini::Usage usage_;
  std::string upstreams_reason_;
  std::string stop_reason_;  ///< "" until known
  std::string refusal_;      ///< why the prompt was blocked; "" when it was not
  bool started_ = false;
};

/// "end_turn", "max_tokens", "tool_use", "pause_turn", "refusal"; "" when there is no finish reason
/// yet. That a stop sequence was met upstream does not tell.
std::string stop_reason(std::string_view upstreams, bool has_calls);

/// A usage; of the prompt, Anthropic counts what was cached apart.
Json usage_of(const gemini::Usage& usage, std::size_t searches);

}  // namespace gembal::anthropic
