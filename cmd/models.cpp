#include "cmd/api_access.hpp"
#include "cmd/table.hpp"
#include "lib/core/json.hpp"
#include "lib/core/pattern.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_list.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::cmd {
namespace {

constexpr std::size_t kMostPages = 100;

struct ModelsOptions {
  bool all = false;
  Via via;
};

std::vector<std::string> methods_of(const Json& model) {
  std::vector<std::string> methods;
  const Json* list = find(model, "supportedGenerationMethods");
  if (!list || !list->is_array()) return methods;
  for (const auto& method : *list) {
    if (method.is_string()) methods.push_back(method.get<std::string>());
  }
  return methods;
}

/// What people come for: models that answer or embed, and that the operator has not filtered.
bool is_usual(const Json& model, const std::vector<std::string>& filtered) {
  if (matches_any(gemini::bare_model(string_in(model, "name")), filtered)) return false;
  for (const auto& method : methods_of(model)) {
    if (method == "generateContent" || method == "embedContent") return true;
  }
  return false;
}

/// All pages of the list. A page's token is the key's that gave it: the same one is asked for the
/// next.
async::Task<Result<std::vector<Json>>> all_models(ApiAccess& api) {
  std::vector<Json> models;
  std::string token;
  std::optional<upstream::OwningKey> owner;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    auto call =
        api.call("GET", "/models",
                 "pageSize=1000" + (token.empty() ? "" : "&pageToken=" + percent_encode(token)));
    call.owner = owner;
    auto answer = co_await api.send(std::move(call));
    if (!answer) co_return std::move(answer).error();
    owner = upstream::OwningKey{answer->key().id, answer->key().project};
    const auto body = co_await answer->rest(64u << 20);
    if (!body) co_return body.error();
    auto reply = parse_json(*body);
    const Json* list = reply ? find(*reply, "models") : nullptr;
    if (!reply || !reply->is_object() || (list && !list->is_array()))
      co_return Error{ErrorKind::upstream, "the list of models cannot be read", ""};
    if (list) gemini::merge_models(models, std::vector<Json>(list->begin(), list->end()));
    token = string_in(*reply, "nextPageToken");
    if (token.empty()) break;
  }
  co_return models;
}

Json to_json(const std::vector<Json>& models) {
  Json list = Json::array();
  for (const auto& model : models) {
    list.push_back({{"id", gemini::bare_model(string_in(model, "name"))},
                    {"display_name", string_in(model, "displayName")},
                    {"input_token_limit", integer_in(model, "inputTokenLimit").value_or(0)},
                    {"output_token_limit", integer_in(model, "outputTokenLimit").value_or(0)},
                    {"methods", methods_of(model)}});
  }
  return {{"models", std::move(list)}};
}

std::string to_table(const std::vector<Json>& models, bool in_bold) {
  std::vector<std::vector<std::string>> rows = {{"id", "name", "input", "output", "methods"}};
  for (const auto& model : models) {
    const auto number = [&model](const char* name) {
      const auto value = integer_in(model, name).value_or(0);
      return value > 0 ? std::to_string(value) : std::string();
    };
    rows.push_back({gemini::bare_model(string_in(model, "name")),
                    std::string(string_in(model, "displayName")), number("inputTokenLimit"),
                    number("outputTokenLimit"), join(methods_of(model), " ")});
  }
  return table(std::move(rows), in_bold);
}

Result<int> list_models(Context& context, const ModelsOptions& options) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  auto api = ApiAccess::open(context, *loaded, options.via);
  if (!api) return std::move(api).error();
  auto models = (*api)->run(all_models(**api));
  if (!models) {
    if ((*api)->interrupt().raised()) return Error{ErrorKind::cancelled, "interrupted", ""};
    return std::move(models).error();
  }
  if (!options.all) {
    const auto& filtered = loaded->config.models.rules.filtered;
    std::erase_if(*models, [&filtered](const Json& model) { return !is_usual(model, filtered); });
  }
  if (context.json) {
    print(to_text(to_json(*models)) + "\n");
  } else if (!models->empty()) {
    print(to_table(*models, context.uses_color()));
  } else if (!context.quiet) {
    std::fputs("gembal: there are no models\n", stderr);
  }
  return 0;
}

}  // namespace

void add_models_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ModelsOptions>();
  auto* command = app.add_subcommand("models", "List the models that the keys can use");
  command->add_flag("--all", options->all,
                    "Also those that neither answer nor embed, and the filtered ones");
  add_via_options(*command, options->via);
  command->footer(
      "\nExamples:\n"
      "  gembal models\n"
      "  gembal models --json | jq -r '.models[].id'\n"
      "  gembal models --all --via http://server:8000\n");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return list_models(context, *options); };
  });
}

}  // namespace gembal::cmd
