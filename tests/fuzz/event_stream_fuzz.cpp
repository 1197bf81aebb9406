// Event streams and streamed JSON arrays: any cut of the bytes gives the same events.

#include "lib/sse/json_array.hpp"
#include "lib/sse/parser.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

using Pieces = std::vector<std::string_view>;

std::vector<std::string> events_of(const Pieces& pieces) {
  sse::Parser parser;
  std::vector<std::string> events;
  for (const auto piece : pieces) {
    parser.feed(piece);
    while (const auto event = parser.next())
      events.push_back(std::string(event->name) + '\0' + std::string(event->data));
  }
  events.emplace_back(parser.tail());
  return events;
}

std::vector<std::string> elements_of(const Pieces& pieces) {
  sse::JsonArraySplitter splitter;
  std::vector<std::string> elements;
  for (const auto piece : pieces) {
    splitter.feed(piece);
    while (const auto element = splitter.next()) elements.emplace_back(*element);
  }
  elements.emplace_back(splitter.closed() ? "closed" : "open");
  return elements;
}

}  // namespace

void fuzz_one(std::string_view input) {
  const auto events = events_of({input});
  const auto elements = elements_of({input});
  for (unsigned turn = 0; turn < turns_for(input); ++turn) {
    const auto pieces = pieces_of(input, turn);
    promise(events_of(pieces) == events, "the same events in any cut");
    promise(elements_of(pieces) == elements, "the same elements in any cut");
  }
}

}  // namespace gembal
