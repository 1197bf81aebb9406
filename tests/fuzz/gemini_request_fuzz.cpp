// What is looked up in a native request, and added to it; and what a model's name asks for.

#include "lib/gemini/called_model.hpp"
#include "lib/gemini/enrich.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/gemini/signatures.hpp"
#include "lib/upstream/request_facts.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

gemini::RequestExtras all_extras() {
  gemini::RequestExtras extras;
  extras.thinking_budget = {{"gemini-2.5-flash", {100, ""}}};
  extras.code_execution = extras.url_context = true;
  extras.url_context_models = {"*"};
  extras.safety = {{"HARM_CATEGORY_HARASSMENT", "OFF"}};
  return extras;
}

void check_names(std::string_view input) {
  gemini::ModelRules rules;
  rules.filtered = {"*secret*"};
  rules.aliases = {{"fast", "gemini-2.5-flash"}};
  rules.image_model = "gemini-2.5-flash-image";
  const auto called = gemini::read_called_model(input, rules);
  if (!called) {
    promise(!called.error().message.empty(), "a refusal says why");
    return;
  }
  if (!gemini::is_valid_model(called->model)) return;
  promise(called->model.find_first_of("/?#%\r\n ") == std::string::npos,
          "a model may stand in a URL", called->model);
}

void check_enriched(std::string_view input) {
  static const auto extras = all_extras();
  const auto request = parse_json(input);
  if (!request || !request->is_object()) return;
  for (const char* name : {"gemini-2.5-flash-search", "gemini-3.5-flash-thinking:high",
                           "gemini-2.5-flash-image", "gemma-4-31b-it"}) {
    const auto called = gemini::read_called_model(name, {});
    for (const auto origin : {gemini::Origin::native, gemini::Origin::translated}) {
      Json enriched = *request;
      gemini::enrich(enriched, *called, extras, origin);
      promise(enriched.is_object(), "a request stays one");
      promise(is_json(to_text(enriched)), "it can be written");
    }
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  const auto facts = upstream::look_at_request(std::string(input), "gemini-2.5-flash");
  for (const auto& object : facts.objects)
    promise(object.find('/') != object.npos, "an object is named by kind and id", object);
  promise(!facts.continues || facts.conversation != 0, "only a conversation goes on");
  if (const auto bypassed = gemini::with_bypassed_signatures(input))
    promise(is_json(*bypassed), "a request stays JSON", *bypassed);
  check_names(input.substr(0, 200));
  check_enriched(input);
}

}  // namespace gembal
