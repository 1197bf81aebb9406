// Gemini's answers as responses of the Responses API: whole, and as events in any cut.

#include "lib/openai/response_rendering.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {
namespace {

openai::ResponseRendering rendering(std::string_view input, bool is_streamed) {
  openai::ResponseWishes wishes;
  wishes.one_call = input.size() % 2 == 0;
  wishes.sealed_signatures = input.size() % 3 == 0;
  wishes.sources = input.size() % 5 == 0;
  return {{"resp_1", 1'700'000'000, "gemini-2.5-flash"}, wishes, Json::object(), is_streamed, {}};
}

/// What OpenAI's SDKs take for granted.
void check(std::string_view out) {
  sse::Parser events;
  events.feed(out);
  std::int64_t next = 0;
  std::string last;
  std::map<std::string, int> open;
  while (const auto event = events.next()) {
    const auto json = parse_json(event->data);
    promise(static_cast<bool>(json), "events are JSON", event->data);
    promise(string_in(*json, "type") == event->name, "an event's name is its type", event->data);
    promise(integer_in(*json, "sequence_number") == next++, "events are numbered", event->data);
    last = event->name;
    if (last == "response.output_item.added") ++open["items"];
    if (last == "response.output_item.done") --open["items"];
    promise(open["items"] == 0 || open["items"] == 1, "one item is told at a time", event->data);
  }
  promise(open["items"] == 0, "what is begun is ended");
  promise(last == "response.completed" || last == "response.incomplete" ||
              last == "response.failed" || last == "error",
          "a stream has an end", last);
}

}  // namespace

void fuzz_one(std::string_view input) {
  check(streamed_in_any_cut([&] { return rendering(input, true); }, input));
  auto one = rendering(input, false);
  whole(one, input);
}

}  // namespace gembal
