#include <gtest/gtest.h>

#include "lib/anthropic/rendering.hpp"
#include "lib/sse/parser.hpp"
#include "tests/support/recording.hpp"

namespace gembal::anthropic {
namespace {

struct Event {
  std::string name;
  Json data;
};

std::vector<Event> events_of(std::string_view text) {
  sse::Parser parser;
  parser.feed(text);
  std::vector<Event> events;
  while (const auto event = parser.next())
    events.push_back({std::string(event->name), *parse_json(event->data)});
  return events;
}

/// A client that puts a stream together and is strict about the order of its events.
class Reader {
 public:
  void read(const Event& event) {
    ASSERT_EQ(event.data["type"], event.name);
    ASSERT_FALSE(stopped_) << event.name << " after the end";
    if (event.name == "ping") return;
    if (event.name == "message_start") {
      ASSERT_TRUE(message_.is_null());
      message_ = event.data["message"];
      ASSERT_TRUE(message_["content"].empty());
      ASSERT_TRUE(message_["usage"]["input_tokens"].is_number());
      return;
    }
    ASSERT_FALSE(message_.is_null()) << event.name << " before the start";
    if (event.name == "content_block_start") return start(event.data);
    if (event.name == "content_block_delta") return add(event.data);
    if (event.name == "content_block_stop") {
      ASSERT_TRUE(open_);
      ASSERT_EQ(event.data["index"], message_["content"].size() - 1);
      auto& block = message_["content"].back();
      if (!input_.empty()) block["input"] = *parse_json(std::exchange(input_, ""));
      if (block["type"] == "thinking") EXPECT_FALSE(block["signature"].get<std::string>().empty());
      open_ = false;
      return;
    }
    ASSERT_FALSE(open_) << event.name << " inside a block";
    if (event.name == "message_delta") {
      ASSERT_TRUE(message_["stop_reason"].is_null());
      ASSERT_TRUE(event.data["delta"]["stop_reason"].is_string());
      message_.update(event.data["delta"]);
      message_["usage"] = event.data["usage"];
      return;
    }
    ASSERT_EQ(event.name, "message_stop");
    ASSERT_TRUE(message_["stop_reason"].is_string());
    stopped_ = true;
  }

  bool stopped() const { return stopped_; }
  const Json& message() const { return message_; }

 private:
  void start(const Json& data) {
    ASSERT_FALSE(open_);
    ASSERT_EQ(data["index"], message_["content"].size());
    message_["content"].push_back(data["content_block"]);
    open_ = true;
  }
  void add(const Json& data) {
    ASSERT_TRUE(open_);
    ASSERT_EQ(data["index"], message_["content"].size() - 1);
    auto& block = message_["content"].back();
    const Json& delta = data["delta"];
    const auto type = block["type"].get<std::string>() + "/" + delta["type"].get<std::string>();
    const auto append = [&](const char* member) {
      block[member] = block[member].get<std::string>() + delta[member].get<std::string>();
    };
    if (type == "text/text_delta") return append("text");
    if (type == "thinking/thinking_delta") return append("thinking");
    if (type == "thinking/signature_delta") return append("signature");
    if (type == "text/citations_delta") return block["citations"].push_back(delta["citation"]);
    ASSERT_TRUE(type == "tool_use/input_json_delta" || type == "server_tool_use/input_json_delta")
        << type;
    input_ += delta["partial_json"].get<std::string>();
  }

  Json message_;
  std::string input_;
  bool open_ = false;
  bool stopped_ = false;
};

MessageWishes all_shown() {
  MessageWishes wishes;
  wishes.thoughts = Thoughts::shown;
  wishes.shows_code = wishes.shows_finds = true;
  return wishes;
}

MessageRendering rendering(MessageWishes wishes = all_shown()) {
  return MessageRendering({"msg_1", "claude-x"}, wishes, {});
}

/// The message that the events make.
Json assembled(const std::vector<std::string>& events, MessageWishes wishes = all_shown()) {
  auto stream = rendering(wishes);
  std::string out = stream.begin();
  for (const auto& one : events) {
    auto reply = gemini::read_reply(one);
    EXPECT_TRUE(reply) << one;
    if (reply) out += stream.push(*std::move(reply), 0);
    out += stream.heartbeat();
  }
  EXPECT_TRUE(stream.finished());
  Reader reader;
  for (const auto& event : events_of(out + stream.finish())) reader.read(event);
  EXPECT_TRUE(reader.stopped());
  return reader.message();
}

TEST(MessageStreamTest, KeepsAnthropicsOrder) {
  auto stream = rendering();
  std::string out = stream.begin();
  EXPECT_EQ(out, "");
  for (
      const char* one :
      {R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}],"usageMetadata":{"promptTokenCount":5}})",
       R"({"candidates":[{"content":{"parts":[{"text":"Hi"},{"functionCall":{"name":"f","args":{"a":1},"id":"own"}}]},"finishReason":"STOP"}],
          "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"thoughtsTokenCount":3}})"})
    out += stream.push(*gemini::read_reply(one), 0);
  EXPECT_TRUE(stream.finished());
  std::vector<std::string> names;
  const auto events = events_of(out + stream.finish());
  for (const auto& event : events) names.push_back(event.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{
                "message_start", "content_block_start", "content_block_delta",
                "content_block_delta", "content_block_stop", "content_block_start",
                "content_block_delta", "content_block_stop", "content_block_start",
                "content_block_delta", "content_block_stop", "message_delta", "message_stop"}));
  EXPECT_EQ(events[0].data["message"]["usage"]["input_tokens"], 5);
  EXPECT_EQ(events[2].data["delta"], (Json{{"type", "thinking_delta"}, {"thinking", "hm"}}));
  EXPECT_EQ(events[3].data["delta"], (Json{{"type", "signature_delta"}, {"signature", "gemini."}}));
  EXPECT_EQ(events[6].data["delta"], (Json{{"type", "text_delta"}, {"text", "Hi"}}));
  EXPECT_EQ(events[8].data["content_block"],
            (Json{{"type", "tool_use"}, {"id", "own"}, {"name", "f"}, {"input", Json::object()}}));
  EXPECT_EQ(events[9].data["delta"],
            (Json{{"type", "input_json_delta"}, {"partial_json", R"({"a":1})"}}));
  EXPECT_EQ(events[11].data["delta"]["stop_reason"], "tool_use");
  EXPECT_EQ(events[11].data["usage"]["output_tokens"], 5);
}

TEST(MessageStreamTest, TellsFindsAfterTheirText) {
  const auto message = assembled(
      {R"({"candidates":[{"content":{"parts":[{"text":"H"}]},"groundingMetadata":{"webSearchQueries":["q"]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"i"}]},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"],
          "groundingChunks":[{"web":{"uri":"https://a","title":"A"}}],"groundingSupports":[{"segment":{"text":"Hi"},"groundingChunkIndices":[0]}]}}]})"});
  const Json& content = message["content"];
  ASSERT_EQ(content.size(), 3u);
  EXPECT_EQ(content[0]["text"], "Hi");
  EXPECT_EQ(content[0]["citations"].size(), 1u);
  EXPECT_EQ(content[1]["input"]["query"], "q");
  EXPECT_EQ(content[2]["content"][0]["url"], "https://a");
}

TEST(MessageStreamTest, ABlockedPromptIsARefusal) {
  const auto message = assembled({R"({"promptFeedback":{"blockReason":"SAFETY"}})"});
  EXPECT_EQ(message["stop_reason"], "refusal");
  EXPECT_TRUE(message["content"].empty());
  EXPECT_EQ(message["stop_details"]["explanation"], "The prompt was blocked (SAFETY).");
}

TEST(MessageStreamTest, AFailureIsAnEventOfItsOwn) {
  const struct {
    int status;
    const char* type;
  } cases[] = {{503, "overloaded_error"}, {502, "api_error"}, {429, "rate_limit_error"}};
  for (const auto& c : cases) {
    auto stream = rendering();
    std::string out = stream.push(
        *gemini::read_reply(R"({"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]})"), 0);
    EXPECT_FALSE(stream.finished());
    out += stream.fail(c.status, {ErrorKind::upstream, "broke", ""});
    const auto events = events_of(out);
    EXPECT_EQ(events.back().name, "error");
    EXPECT_EQ(events.back().data["error"]["type"], c.type);
    EXPECT_EQ(events.back().data["error"]["message"], "broke");
  }
}

/// A part as two, where it is a text of several characters.
std::vector<Json> halves(const Json& part) {
  const std::string text(string_in(part, "text"));
  auto middle = text.size() / 2;
  while (middle < text.size() && (static_cast<unsigned char>(text[middle]) & 0xC0) == 0x80)
    ++middle;
  if (middle == 0 || middle == text.size()) return {part};
  Json first = part;
  Json second = part;
  first["text"] = text.substr(0, middle);
  second["text"] = text.substr(middle);
  second.erase("thoughtSignature");
  return {first, second};
}

/// The events of a stream in smaller pieces: half a part each, and all else in one after them.
std::vector<std::string> cut_finer(const std::vector<std::string>& events) {
  std::vector<std::string> cut;
  for (const auto& one : events) {
    Json event = *parse_json(one);
    const auto path = Json::json_pointer("/candidates/0/content/parts");
    if (event.contains(path) && event[path].is_array()) {
      for (const auto& part : event[path]) {
        for (const auto& half : halves(part)) {
          cut.push_back(R"({"candidates":[{"content":{"parts":[)" + to_text(half) + "]}}]}");
        }
      }
      event[path] = Json::array();
    }
    cut.push_back(to_text(event));
  }
  return cut;
}

TEST(MessageStreamTest, EveryRecordedStreamIsLegalHoweverItIsCut) {
  std::size_t translated = 0;
  for (const auto& recording : testing::recordings("stream")) {
    if (!recording.streamed || recording.path.find(":streamGenerateContent") == std::string::npos)
      continue;
    SCOPED_TRACE(recording.name);
    bool readable = true;
    for (const auto& event : recording.events) {
      const auto json = parse_json(event);
      readable &= json && json->is_object() && !find(*json, "error") && gemini::read_reply(event);
    }
    // Some were broken off.
    if (!readable || recording.body.find("finishReason") == std::string::npos) continue;
    ++translated;
    for (const auto thoughts : {Thoughts::shown, Thoughts::signed_only, Thoughts::hidden}) {
      MessageWishes wishes = all_shown();
      wishes.thoughts = thoughts;
      const auto whole = assembled(recording.events, wishes);
      EXPECT_TRUE(whole["stop_reason"].is_string());
      EXPECT_EQ(to_text(assembled(cut_finer(recording.events), wishes)["content"]),
                to_text(whole["content"]));
    }
  }
  if (translated > 0) EXPECT_GT(translated, 20u);
}

}  // namespace
}  // namespace gembal::anthropic
