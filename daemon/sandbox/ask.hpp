#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/sandbox/errors.hpp"
#include "daemon/sandbox/faults.hpp"
#include "daemon/sandbox/models.hpp"

namespace gembal::sandbox {

/// What a line of the prompt that begins with `sandbox:{...}` asks of the sandbox itself.
struct Directive {
  std::optional<std::string> text;      ///< answer exactly this
  std::optional<std::string> thoughts;  ///< think exactly this, when thoughts are asked for
  std::optional<std::int64_t> words;    ///< answer with so many words
  std::optional<std::int64_t> events;   ///< stream the text in so many events, if it is long enough
  std::optional<Milliseconds> delay;    ///< between two events
  std::optional<std::string> call;      ///< call this declared function
  std::optional<Json> args;             ///< with these arguments
  std::optional<Fault> fault;
};

/// Tokens of a prompt by kind of content ("TEXT", "IMAGE"), in order of first appearance.
struct PromptTokens {
  std::vector<std::pair<std::string, std::int64_t>> by_modality;
  std::int64_t total() const;
};

/// A generateContent request, checked and understood.
struct Ask {
  const Model* model = nullptr;
  Json body;           ///< in camelCase
  std::string prompt;  ///< the text of the last turn, without the directive
  Directive directive;
  std::string system;                    ///< the system instruction's text
  std::vector<std::string> attachments;  ///< "image/png, 70 bytes": of the last turn
  std::vector<Json> function_responses;  ///< of the last turn
  PromptTokens tokens;                   ///< with the cached ones
  std::int64_t cached_tokens = 0;
  std::string response_id;
  std::uint64_t seed = 0;

  /// The member of generationConfig, or nullptr.
  const Json* config(std::string_view name) const;
  /// The entry of `tools` that has this member, or nullptr.
  const Json* tool(std::string_view name) const;
  bool streams = false;
};

/// About four characters a token; every character outside ASCII is one.
std::int64_t count_tokens(std::string_view text);

/// Tokens of contents, system instruction and tools of a request body in camelCase.
PromptTokens prompt_tokens(const Json& body);

/// A thought signature that is_signature() takes; different for each `salt`.
std::string make_signature(std::uint64_t seed, std::string_view salt);

/// Whether a client may send this back: one of ours unchanged, any other well-formed one, or one of
/// the documented values that switch the check off.
bool is_signature(std::string_view signature);

/// Checks what the real API checks and finds out what is asked. `body` comes from read_body();
/// `cached` is the cached content that it names, or nullptr.
std::variant<Ask, ApiError> understand(const Model& model, Json body, const Json* cached);

}  // namespace gembal::sandbox
