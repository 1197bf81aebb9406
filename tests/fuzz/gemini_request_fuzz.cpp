// What is looked up in a native request without parsing it.

#include "lib/gemini/model_name.hpp"
#include "lib/gemini/signatures.hpp"
#include "lib/upstream/request_facts.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {

void fuzz_one(std::string_view input) {
  const auto facts = upstream::look_at_request(input, "gemini-2.5-flash");
  for (const auto& object : facts.objects)
    promise(object.contains('/'), "an object is named by kind and id", object);
  promise(!facts.continues || facts.conversation != 0, "only a conversation goes on");
  if (const auto bypassed = gemini::with_bypassed_signatures(input))
    promise(parse_json(*bypassed).has_value(), "a request stays JSON", *bypassed);
  const auto model = gemini::bare_model(input.substr(0, 200));
  if (gemini::is_valid_model(model))
    promise(model.find_first_of("/?#%\r\n ") == model.npos, "a model may stand in a URL", model);
}

}  // namespace gembal
