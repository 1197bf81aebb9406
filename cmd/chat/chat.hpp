#pragma once

#include "cmd/chat/answer.hpp"
#include "cmd/chat/answer_view.hpp"
#include "cmd/chat/request.hpp"
#include "cmd/chat/session.hpp"

namespace gembal::cmd {

/// A chat: what it is held with, and what was said.
struct Chat {
  Context& context;
  const config::Config& config;
  const ChatOptions& options;
  ApiAccess& access;
  ChatSettings settings;
  Session session;
};

/// Asks with the parts of a new turn, and adds both turns to the session. Errors: those of ask(),
/// refused.
Result<ChatAnswer> ask_in(Chat& chat, Json parts, const std::optional<upstream::OwningKey>& owner,
                          AnswerView& view);

/// The interactive chat, until the user leaves.
Result<int> talk(Chat& chat);

/// "12 prompt + 34 answer tokens (20 of them thought)"
std::string usage_text(const gemini::Usage& usage);

}  // namespace gembal::cmd
