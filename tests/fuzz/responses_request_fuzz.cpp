// A request of the Responses API: refused with a reason, or translated into one that Gemini can
// take.

#include "lib/openai/responses.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {

void fuzz_one(std::string_view input) {
  auto json = parse_json(input);
  if (!json) return;
  const auto request = openai::read_response_request(*std::move(json));
  if (!request) return check_refusal(request.error());
  promise(is_json(to_text(request->echo)), "what is repeated can be written");
  for (const auto* model : kModels) {
    const auto body = openai::translate_response(request->json, model, {});
    if (body) {
      check_request(*body);
    } else {
      check_refusal(body.error());
    }
  }
}

}  // namespace gembal
