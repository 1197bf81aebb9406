#include "lib/openai/models.hpp"

#include "lib/gemini/model_name.hpp"

namespace gembal::openai {
namespace {

Json entry(const Json& model, std::int64_t created) {
  Json made = {{"id", gemini::bare_model(string_in(model, "name"))},
               {"object", "model"},
               {"created", created},
               {"owned_by", "google"}};
  if (const auto name = string_in(model, "displayName"); !name.empty()) made["display_name"] = name;
  return made;
}

}  // namespace

std::string models_reply(const std::vector<Json>& models, std::int64_t created) {
  Json data = Json::array();
  for (const auto& model : models) data.push_back(entry(model, created));
  return to_text({{"object", "list"}, {"data", std::move(data)}});
}

std::string model_reply(const Json& model, std::int64_t created) {
  return to_text(entry(model, created));
}

}  // namespace gembal::openai
