#include "lib/sse/parser.hpp"

#include <gtest/gtest.h>

#include "tests/support/recording.hpp"

namespace gembal::sse {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events events_of(Parser& parser) {
  Events events;
  while (const auto event = parser.next()) events.emplace_back(event->name, event->data);
  return events;
}

/// Feeds `text` in pieces of `step` bytes.
Events parse(std::string_view text, std::size_t step, std::string* tail = nullptr) {
  Parser parser;
  Events all;
  for (std::size_t at = 0; at < text.size(); at += step) {
    parser.feed(text.substr(at, step));
    for (auto& event : events_of(parser)) all.push_back(std::move(event));
  }
  if (tail) *tail = parser.tail();
  return all;
}

TEST(ParserTest, FindsTheSameEventsInAnyCut) {
  const struct {
    const char* name;
    std::string text;
    Events events;
    std::string tail;
  } cases[] = {
      {"CR LF, as the Gemini API sends",
       "data: {\"a\":1}\r\n\r\ndata: {}\r\n\r\n",
       {{"", "{\"a\":1}"}, {"", "{}"}},
       ""},
      {"LF, as OpenAI sends", "data: a\n\ndata: [DONE]\n\n", {{"", "a"}, {"", "[DONE]"}}, ""},
      {"CR alone", "data: a\r\rdata: b\r\r\n", {{"", "a"}, {"", "b"}}, "\r\n"},
      {"named events", "event: step\ndata: x\n\n", {{"step", "x"}}, ""},
      {"several data lines", "data: a\ndata: b\ndata:\n\n", {{"", "a\nb\n"}}, ""},
      {"comments are passed over", ": ping\n\ndata: a\n: more\n\n", {{"", "a"}}, ""},
      {"ids and unknown fields are passed over",
       "id: 7\nretry: 10\nfoo\ndata: a\n\n",
       {{"", "a"}},
       ""},
      {"no blank after the colon", "data:a\n\n", {{"", "a"}}, ""},
      {"only the first blank goes", "data:  a\n\n", {{"", " a"}}, ""},
      {"a byte order mark at the start",
       "\xEF\xBB\xBF"
       "data: a\n\n",
       {{"", "a"}},
       ""},
      {"an error without a frame stays as the tail",
       "data: a\n\n{\n \"error\": {}\n}\n",
       {{"", "a"}},
       "{\n \"error\": {}\n}\n"},
      {"half an event is the tail", "data: a\n\ndata: b", {{"", "a"}}, "data: b"},
      {"nothing", "", {}, ""},
  };
  for (const auto& c : cases) {
    for (std::size_t step = 1; step <= c.text.size() + 1; ++step) {
      SCOPED_TRACE(std::string(c.name) + ", in pieces of " + std::to_string(step));
      std::string tail;
      EXPECT_EQ(parse(c.text, step, &tail), c.events);
      if (c.name != std::string_view("CR alone")) EXPECT_EQ(tail, c.tail);
    }
  }
}

TEST(ParserTest, TakesRecordedStreamsApart) {
  std::size_t streams = 0;
  for (const auto& recording : testing::recordings("stream")) {
    if (!recording.streamed) continue;
    ++streams;
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{7}, std::size_t{1000}, recording.body.size()}) {
      SCOPED_TRACE(recording.name + ", in pieces of " + std::to_string(step));
      const auto events = parse(recording.body, step);
      ASSERT_EQ(events.size(), recording.events.size());
      for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(events[i].first, recording.event_name(i));
        EXPECT_EQ(events[i].second, recording.events[i]);
      }
    }
  }
  if (streams > 0) EXPECT_GT(streams, 10u);  // none: a checkout without them
}

TEST(ParserTest, TakesAnEventOfAnySizeInReasonableTime) {
  const std::string data(20 << 20, 'x');
  Parser parser;
  parser.feed("data: ");
  for (std::size_t at = 0; at < data.size(); at += 4096) {
    parser.feed(std::string_view(data).substr(at, 4096));
    EXPECT_FALSE(parser.next());
  }
  parser.feed("\n\n");
  const auto event = parser.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->data.size(), data.size());
}

}  // namespace
}  // namespace gembal::sse
