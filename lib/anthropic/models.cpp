#include "lib/anthropic/models.hpp"

#include "lib/gemini/model_name.hpp"

namespace gembal::anthropic {
namespace {

Json entry(const Json& model) {
  const auto id = gemini::bare_model(string_in(model, "name"));
  const auto name = string_in(model, "displayName");
  Json made = {{"type", "model"},
               {"id", id},
               {"display_name", name.empty() ? std::string_view(id) : name},
               {"created_at", "1970-01-01T00:00:00Z"},  // Anthropic's way to say that it is unknown
               {"lifecycle", "active"}};
  if (const auto limit = integer_in(model, "inputTokenLimit")) made["max_input_tokens"] = *limit;
  if (const auto limit = integer_in(model, "outputTokenLimit")) made["max_tokens"] = *limit;
  return made;
}

}  // namespace

std::string models_reply(const std::vector<Json>& models) {
  Json data = Json::array();
  for (const auto& model : models) data.push_back(entry(model));
  Json reply = {{"has_more", false}, {"first_id", nullptr}, {"last_id", nullptr}};
  if (!data.empty()) {
    reply["first_id"] = data.front()["id"];
    reply["last_id"] = data.back()["id"];
  }
  reply["data"] = std::move(data);
  return to_text(reply);
}

std::string model_reply(const Json& model) { return to_text(entry(model)); }

}  // namespace gembal::anthropic
