// Gemini's answers as chat completions: whole, and as a stream in any cut.

#include "lib/openai/chat_rendering.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {
namespace {

openai::ChatRendering rendering(std::string_view input) {
  openai::ChatWishes wishes;
  wishes.include_usage = input.size() % 2 == 0;
  wishes.one_call = input.size() % 3 == 0;
  wishes.thoughts_in_text = input.size() % 5 == 0;
  wishes.legacy_function = input.size() % 7 == 0;
  return openai::ChatRendering({"chatcmpl-1", 1'700'000'000, "gemini-2.5-flash"}, wishes, 1, {});
}

/// What every OpenAI client takes for granted.
void check(std::string_view out) {
  sse::Parser events;
  events.feed(out);
  std::map<std::int64_t, bool> begun;
  while (const auto event = events.next()) {
    if (event->data == "[DONE]") continue;
    const auto chunk = parse_json(event->data);
    promise(static_cast<bool>(chunk), "chunks are JSON", event->data);
    if (find(*chunk, "error")) continue;
    promise(string_in(*chunk, "object") == "chat.completion.chunk", "chunks say so", event->data);
    const Json* choices = find(*chunk, "choices");
    promise(choices && choices->is_array(), "a chunk has choices", event->data);
    for (const auto& choice : *choices) {
      const Json* delta = find(choice, "delta");
      promise(delta && delta->is_object(), "a choice has a delta", event->data);
      auto& known = begun[integer_in(choice, "index").value_or(-1)];
      promise(known != delta->contains("role"), "the role comes first, and once", event->data);
      known = true;
    }
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  check(streamed_in_any_cut([&] { return rendering(input); }, input));
  auto one = rendering(input);
  const auto body = whole(one, input);
  if (body.empty()) return;
  const auto reply = parse_json(body);
  const Json* choices = find(*reply, "choices");
  promise(choices && !choices->empty(), "an answer has a choice", body);
}

}  // namespace gembal
