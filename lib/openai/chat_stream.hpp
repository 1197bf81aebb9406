#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/openai/chat_reply.hpp"

namespace gembal::openai {

/// Turns the events of a generateContent stream into chat completion chunks, as text that can be
/// sent.
///
/// The role comes once, with the first chunk of each choice; the finish reason in a last chunk of
/// its own, because upstream may send more after it; the usage, when asked for, in one more chunk
/// without choices. Pure; one per stream.
class ChatStream {
 public:
  ChatStream(ReplyIdentity identity, bool include_usage);

  /// The chunks for one event; "" when it has nothing to tell yet. Errors: upstream (an error
  /// object, or no JSON).
  Result<std::string> push(std::string_view event);

  /// Whether every choice has its finish reason (or the prompt was blocked): the stream may end.
  bool finished() const;

  /// The last chunks and [DONE].
  std::string finish();

 private:
  struct Choice {
    std::size_t calls = 0;
    std::string finish_reason;  ///< "" until known
  };

  Choice& choice(std::int64_t index, std::string& out);
  void append_chunk(std::string& out, std::int64_t index, Json delta,
                    const std::string& finish_reason);
  void append(std::string& out, Json choices, const Json* usage);

  ReplyIdentity identity_;
  bool include_usage_;
  std::map<std::int64_t, Choice> choices_;
  Json usage_;
};

}  // namespace gembal::openai
