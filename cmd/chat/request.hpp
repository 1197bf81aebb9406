#pragma once

#include <string>
#include <vector>

#include "cmd/chat/options.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {

/// What a chat's requests have in common, read and checked once.
struct ChatSettings {
  gemini::CalledModel called;
  std::string system;            ///< "": none
  Json config = Json::object();  ///< generationConfig
  bool code = false;
  bool url = false;
  bool show_thoughts = false;

  const std::string& model() const { return called.model; }
};

/// Errors: usage (no such model, a schema that is none), io, bad_request (a schema that the model
/// cannot be given).
Result<ChatSettings> read_chat_settings(const ChatOptions& options, const config::Config& config);

/// The same for another model. Errors: usage.
Result<void> use_model(ChatSettings& settings, const std::string& model,
                       const config::Config& config);

/// A generateContent request for `contents`, the turns so far. What the operator wants of every
/// request (safety.settings, models.thinking_budget) is in it, too.
Json chat_request(const ChatSettings& settings, const config::Config& config, Json contents);

/// `{"role":"user","parts":[…]}`
Json user_turn(Json parts);

}  // namespace gembal::cmd
