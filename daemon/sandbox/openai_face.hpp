#pragma once

#include <variant>

#include "daemon/sandbox/native.hpp"

/// Google's own translation between OpenAI's chat completions and generateContent, with its
/// peculiarities. It shares nothing with gembal's translation on purpose: each checks the other.
namespace gembal::sandbox {

/// The generateContent body for a chat/completions body. Errors as Google words them: unknown
/// names, no messages.
std::variant<Json, ApiError> to_generate_body(const Json& chat);

/// The chat.completion object.
Json to_completion(const Context& context, const Said& said, std::string_view model);

/// The chat.completion.chunk objects. `with_usage`: on the chunk that has the finish reason.
std::vector<Json> to_completion_chunks(const Context& context, const Said& said,
                                       std::string_view model, bool with_usage);

}  // namespace gembal::sandbox
