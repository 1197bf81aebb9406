// A chat completion request: refused with a reason, or translated into one that Gemini can take.

#include "lib/openai/chat.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {

void fuzz_one(std::string_view input) {
  const auto request = parse_json(input);
  if (!request) return;
  for (const auto* model : kModels) {
    const auto call = openai::translate_chat(*request, model);
    if (!call) {
      check_refusal(call.error());
      continue;
    }
    check_request(call->body);
    promise(call->answers >= 1 && call->answers <= 128, "a request is made a few times at most");
  }
}

}  // namespace gembal
