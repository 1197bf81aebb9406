// Gemini's answers as Anthropic's messages: whole, and as events in any cut.

#include "lib/anthropic/rendering.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {
namespace {

anthropic::MessageRendering rendering(std::string_view input) {
  anthropic::MessageWishes wishes;
  wishes.one_call = input.size() % 2 == 0;
  wishes.shows_code = input.size() % 3 == 0;
  wishes.shows_finds = input.size() % 5 == 0;
  if (input.size() % 7 == 0) wishes.thoughts = anthropic::Thoughts::shown;
  return {{"msg_1", "gemini-2.5-flash"}, wishes, {}};
}

/// What Anthropic's SDKs take for granted.
void check(std::string_view out) {
  sse::Parser events;
  events.feed(out);
  std::int64_t begun = 0;
  bool open = false, ended = false, started = false;
  while (const auto event = events.next()) {
    const auto json = parse_json(event->data);
    promise(static_cast<bool>(json), "events are JSON", event->data);
    promise(string_in(*json, "type") == event->name, "an event's name is its type", event->data);
    promise(!ended, "nothing follows the end", event->data);
    if (event->name == "message_start") {
      promise(!started, "a message starts once", event->data);
      started = true;
    } else if (event->name == "content_block_start") {
      promise(started && !open && integer_in(*json, "index") == begun, "one block at a time",
              event->data);
      open = true;
    } else if (event->name == "content_block_delta") {
      promise(open && integer_in(*json, "index") == begun, "a delta is of the open block",
              event->data);
    } else if (event->name == "content_block_stop") {
      promise(open && integer_in(*json, "index") == begun, "what stops was open", event->data);
      open = false;
      ++begun;
    } else if (event->name == "message_stop") {
      promise(started && !open, "blocks end before the message", event->data);
      ended = true;
    } else if (event->name == "error") {
      ended = true;
    }
  }
  promise(ended, "a stream has an end");
}

}  // namespace

void fuzz_one(std::string_view input) {
  check(streamed_in_any_cut([&] { return rendering(input); }, input));
  auto one = rendering(input);
  whole(one, input);
}

}  // namespace gembal
