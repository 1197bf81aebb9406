#include "lib/openai/response_input.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "lib/core/text.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/content_parts.hpp"
#include "lib/openai/response_items.hpp"

namespace gembal::openai {
namespace {

/// Whether an item is of a kind that says nothing to the model: what a server's own tool did, and
/// what only OpenAI can read.
bool is_passed_over(std::string_view type) {
  constexpr std::array<std::string_view, 9> kOthers = {
      "compaction",          "compaction_trigger", "additional_tools",     "program",
      "program_output",      "mcp_list_tools",     "mcp_approval_request", "mcp_approval_response",
      "configuration_update"};
  return std::find(kOthers.begin(), kOthers.end(), type) != kOthers.end() ||
         type.ends_with("_call") || type.ends_with("_call_output") ||
         type.ends_with("_search_output");
}

/// What the item is: "message" also where only its role says so.
std::string type_of(const Json& item) {
  const auto type = string_in(item, "type");
  if (!type.empty()) return std::string(type);
  if (!string_in(item, "role").empty()) return "message";
  return string_in(item, "id").empty() ? "" : "item_reference";
}

std::string_view id_of_call(const Json& item) {
  const auto id = string_in(item, "call_id");
  return id.empty() ? string_in(item, "id") : id;
}

class Translator {
 public:
  Translator(const gemini::ModelTraits& traits, const ResponseContext& context)
      : traits_(traits), context_(context), builder_(traits, context.signature_of) {}

  void instruct(std::string_view instructions);
  Result<void> add(Json& item, const std::string& where);
  gemini::Conversation finish();

 private:
  Result<void> add_message(Json& item, const std::string& where);
  Result<void> add_call(const Json& item, bool is_custom, const std::string& where);
  Result<void> add_result(Json& item, const std::string& where);
  Result<void> add_reference(const Json& item, const std::string& where);
  void add_picture(Json& item);
  void remember_signature(const Json& reasoning);
  std::string signature_of(const Json& item) const;
  void end_models_turn();

  const gemini::ModelTraits traits_;
  const ResponseContext& context_;
  gemini::ConversationBuilder builder_;
  Json models_turn_ = Json::array();  ///< calls side by side are items one after the other
  std::map<std::string, std::string, std::less<>> sealed_;  ///< signatures by call id
};

void Translator::instruct(std::string_view instructions) {
  if (!instructions.empty()) builder_.system(Json::array({{{"text", instructions}}}));
}

void Translator::end_models_turn() { builder_.model(std::exchange(models_turn_, Json::array())); }

std::string Translator::signature_of(const Json& item) const {
  if (const auto own = string_in(item, kSignatureMember); !own.empty()) return std::string(own);
  const auto id = string_in(item, "id");
  return context_.signature_of && !id.empty() ? context_.signature_of(id) : std::string();
}

Result<void> Translator::add_message(Json& item, const std::string& where) {
  Json none;
  auto parts = content_parts(item.contains("content") ? item["content"] : none, where + ".content");
  if (!parts) return std::move(parts).error();
  const auto role = string_in(item, "role");
  if (role == "user") {
    end_models_turn();
    builder_.user(*std::move(parts));
  } else if (role == "system" || role == "developer") {
    builder_.system(*std::move(parts));
  } else if (role == "assistant" || role == "model") {
    if (auto signature = signature_of(item); !signature.empty() && !parts->empty())
      parts->back()["thoughtSignature"] = std::move(signature);
    for (auto& part : *parts) models_turn_.push_back(std::move(part));
  } else {
    return bad_at(where + ".role", role.empty()
                                       ? "'role' is missing"
                                       : "the role '" + std::string(role) +
                                             "' is unknown: it must be user, assistant, system or "
                                             "developer");
  }
  return {};
}

Result<void> Translator::add_call(const Json& item, bool is_custom, const std::string& where) {
  const auto name = string_in(item, "name");
  if (name.empty()) return bad_at(where + ".name", "a call needs the 'name' of its function");
  const std::string id(id_of_call(item));
  if (id.empty()) return bad_at(where + ".call_id", "a call needs a 'call_id'");
  Json part;
  auto& call = part["functionCall"];
  call["name"] = name_in_namespace(string_in(item, "namespace"), name);
  if (is_custom) {
    call["args"] = {{"input", string_in(item, "input")}};
  } else {
    const auto arguments = string_in(item, "arguments");
    call["args"] = trim(arguments).empty() ? Json::object() : gemini::as_object(arguments, "value");
  }
  call["id"] = id;
  if (const auto own = string_in(item, kSignatureMember); !own.empty()) {
    part["thoughtSignature"] = own;
  } else if (const auto sealed = sealed_.find(id); sealed != sealed_.end()) {
    part["thoughtSignature"] = sealed->second;
  }
  models_turn_.push_back(std::move(part));
  return {};
}

Result<void> Translator::add_result(Json& item, const std::string& where) {
  end_models_turn();
  if (id_of_call(item).empty() && string_in(item, "name").empty())
    return bad_at(where + ".call_id", "a call's output needs the 'call_id' of its call");
  Json none;
  auto parts = content_parts(item.contains("output") ? item["output"] : none, where + ".output");
  if (!parts) return std::move(parts).error();
  const auto text = text_of(*parts);
  Json media = Json::array();
  for (auto& part : *parts) {
    if (!part.contains("text")) media.push_back(std::move(part));
  }
  builder_.result(id_of_call(item), string_in(item, "name"), gemini::as_object(text, "result"),
                  std::move(media), text);
  return {};
}

Result<void> Translator::add_reference(const Json& item, const std::string& where) {
  const std::string id(string_in(item, "id"));
  const Json* found = context_.item_of ? context_.item_of(id) : nullptr;
  if (!found) {
    return bad(where + ".id", "Item with id '" + id +
                                  "' not found. Items are not persisted when `store` is set to "
                                  "false. Try again with `store` set to true, or send the item "
                                  "itself in your input.");
  }
  Json copy = *found;
  if (type_of(copy) == "item_reference") return {};
  return add(copy, where);
}

/// A picture that the model drew: it can only change what it still sees.
void Translator::add_picture(Json& item) {
  if (!item.contains("result") || !item["result"].is_string()) return;
  const auto format = string_in(item, "output_format");
  Json part;
  part["inlineData"]["mimeType"] =
      "image/" + (format.empty() ? std::string("png") : std::string(format));
  part["inlineData"]["data"] = std::move(item["result"]);
  if (auto signature = signature_of(item); !signature.empty()) {
    part["thoughtSignature"] = std::move(signature);
  } else if (traits_.signs_calls) {
    part["thoughtSignature"] = gemini::kUnsigned;
  }
  models_turn_.push_back(std::move(part));
}

void Translator::remember_signature(const Json& reasoning) {
  if (auto sealed = unseal(string_in(reasoning, "encrypted_content")))
    sealed_[std::move(sealed->call_id)] = std::move(sealed->signature);
}

Result<void> Translator::add(Json& item, const std::string& where) {
  if (!item.is_object()) return bad_at(where, "an item must be an object");
  const auto type = type_of(item);
  if (type == "message") return add_message(item, where);
  if (type == "function_call") return add_call(item, false, where);
  if (type == "custom_tool_call") return add_call(item, true, where);
  if (type == "function_call_output" || type == "custom_tool_call_output")
    return add_result(item, where);
  if (type == "item_reference") return add_reference(item, where);
  if (type == "image_generation_call") {
    add_picture(item);
  } else if (type == "reasoning") {
    remember_signature(item);
  } else if (!is_passed_over(type)) {
    return bad_at(where + ".type", type.empty() ? "an item needs a 'type', as in \"message\""
                                                : "items of type '" + type + "' are not supported");
  }
  return {};
}

gemini::Conversation Translator::finish() {
  end_models_turn();
  return std::move(builder_).finish();
}

}  // namespace

Result<gemini::Conversation> translate_items(Json& items, std::string_view instructions,
                                             const gemini::ModelTraits& traits,
                                             const ResponseContext& context) {
  Translator translator(traits, context);
  translator.instruct(instructions);
  for (const auto& earlier : context.history) {
    Json item = earlier;
    auto added = translator.add(item, "previous_response_id");
    if (!added) return std::move(added).error();
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto added = translator.add(items[i], "input[" + std::to_string(i) + "]");
    if (!added) return std::move(added).error();
  }
  return translator.finish();
}

std::vector<std::string> responses_referred_to(const Json& items) {
  std::vector<std::string> ids;
  for (const auto& item : items) {
    if (type_of(item) != "item_reference") continue;
    auto place = place_of_item(string_in(item, "id"));
    if (place && std::find(ids.begin(), ids.end(), place->response_id) == ids.end())
      ids.push_back(std::move(place->response_id));
  }
  return ids;
}

std::vector<std::string> signature_names(const Json& items) {
  std::vector<std::string> names;
  bool follows_call = false;  // of calls side by side only the first is signed
  for (const auto& item : items) {
    const auto type = type_of(item);
    const bool is_call = type == "function_call" || type == "custom_tool_call";
    if (is_call && !follows_call) {
      names.emplace_back(id_of_call(item));
    } else if (type == "image_generation_call" ||
               (type == "message" && string_in(item, "role") == "assistant")) {
      names.emplace_back(string_in(item, "id"));
    }
    if (type != "reasoning") follows_call = is_call;
  }
  std::erase_if(names, [](const std::string& name) { return name.empty(); });
  return names;
}

std::string name_in_namespace(std::string_view space, std::string_view name) {
  std::string whole(space);
  if (!whole.empty() && !whole.ends_with("__")) whole += "__";
  return whole.append(name);
}

}  // namespace gembal::openai
