#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/conversation.hpp"

namespace gembal::openai {

/// An item of an earlier response, by its id; null when it is not known.
using ItemOf = std::function<const Json*(const std::string& id)>;

/// What a request builds on beside itself. The functions may be empty.
struct ResponseContext {
  Json history = Json::array();  ///< items of the responses before it, the oldest first
  ItemOf item_of;
  gemini::SignatureOf signature_of;
};

/// Translates the items of a Responses request, those of `context` first. `instructions`: "" for
/// none. Media are moved out of `items`. Errors: bad_request, naming the item.
Result<gemini::Conversation> translate_items(Json& items, std::string_view instructions,
                                             const gemini::ModelTraits& traits,
                                             const ResponseContext& context);

/// The ids of the responses whose items `items` refers to, each once.
std::vector<std::string> responses_referred_to(const Json& items);

/// The names under which signatures for `items` may have been kept: ids of calls and of messages,
/// the latest last.
std::vector<std::string> signature_names(const Json& items);

/// The name of a function in a namespace, as upstream knows it.
std::string name_in_namespace(std::string_view space, std::string_view name);

}  // namespace gembal::openai
