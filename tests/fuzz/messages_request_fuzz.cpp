// A request of Anthropic's Messages API: refused with a reason, or translated into one that Gemini
// can take.

#include "lib/anthropic/messages.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {

void fuzz_one(std::string_view input) {
  const auto request = parse_json(input);
  if (request) {
    for (const auto* model : kModels) {
      auto call = anthropic::translate_message(*request, model);
      if (!call) {
        check_refusal(call.error());
        continue;
      }
      check_request(call->body);
      const auto count = anthropic::count_request(std::move(call->body), model);
      promise(is_json(to_text(count)), "its tokens can be asked for");
    }
  }
  if (const auto told = anthropic::count_reply(input))
    promise(is_json(*told), "a count is JSON", *told);
}

}  // namespace gembal
