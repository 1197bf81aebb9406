// Old-style completions, there and back.

#include "lib/openai/completions.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {
namespace {

openai::CompletionCall plain_call() {
  openai::CompletionCall call;
  call.model = "gemini-2.5-flash";
  call.prompts = {"Once"};
  call.include_usage = call.echo = true;
  return call;
}

}  // namespace

void fuzz_one(std::string_view input) {
  if (const auto request = parse_json(input)) {
    for (const auto* model : kModels) {
      const auto call = openai::translate_completion(*request, model);
      if (!call) {
        check_refusal(call.error());
        continue;
      }
      promise(call->calls() >= 1, "there is something to ask");
      Json body = call->body;
      openai::put_prompt(*call, call->calls() - 1, body);
      check_request(body);
    }
  }
  static const auto call = plain_call();
  const auto make = [] {
    return openai::CompletionRendering({"cmpl-1", 1'700'000'000, "gemini-2.5-flash"}, call);
  };
  streamed_in_any_cut(make, input);
  auto one = make();
  whole(one, input);
}

}  // namespace gembal
