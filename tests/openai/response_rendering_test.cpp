#include "lib/openai/response_rendering.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "lib/openai/response_items.hpp"
#include "lib/sse/parser.hpp"
#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

const ReplyIdentity kIdentity{"resp_0123abcd", 1'700'000'000, "gemini-x"};

Json echo() {
  auto read = read_response_request(*parse_json(R"({"model":"gemini-x","input":"Hi"})"));
  return read->echo;
}

ResponseRendering rendering(bool is_streamed, ResponseWishes wishes = {}, KeepSignature keep = {}) {
  return {kIdentity, std::move(wishes), echo(), is_streamed, std::move(keep)};
}

struct Told {
  std::string name;
  Json data;
};

std::vector<Told> events_of(const std::string& text) {
  sse::Parser parser;
  parser.feed(text);
  std::vector<Told> events;
  while (const auto event = parser.next())
    events.push_back({std::string(event->name), *parse_json(event->data)});
  return events;
}

/// A client that follows a stream by its rules, as the SDKs do.
class Follower {
 public:
  void follow(const std::vector<Told>& events) {
    for (const auto& event : events) {
      SCOPED_TRACE(event.name + " " + std::to_string(next_number_));
      EXPECT_EQ(string_in(event.data, "type"), event.name);
      EXPECT_EQ(integer_in(event.data, "sequence_number"), next_number_);
      ++next_number_;
      EXPECT_FALSE(over_) << "something comes after the end";
      take(event.name, event.data);
    }
  }
  bool over() const { return over_; }
  const Json& response() const { return response_; }
  std::string text() const { return text_; }

 private:
  struct Item {
    Json item;
    std::string text;  ///< its deltas
    int parts_open = 0;
    bool done = false;
  };

  void take(const std::string& name, const Json& data) {
    if (name == "response.created" || name == "response.in_progress") {
      EXPECT_EQ(next_number_, name == "response.created" ? 1 : 2);
      EXPECT_EQ(data["response"]["status"], "in_progress");
      EXPECT_TRUE(data["response"]["output"].empty());
      return;
    }
    EXPECT_GE(next_number_, 3);
    if (name == "response.completed" || name == "response.incomplete" || name == "response.failed")
      return end(data["response"]);
    if (name == "error") return;
    const auto index = integer_in(data, "output_index").value_or(-1);
    if (name == "response.output_item.added") {
      EXPECT_EQ(index, static_cast<std::int64_t>(items_.size()));
      items_.push_back({data["item"], "", 0, false});
      return;
    }
    ASSERT_GE(index, 0);
    ASSERT_LT(index, static_cast<std::int64_t>(items_.size()));
    auto& item = items_[static_cast<std::size_t>(index)];
    EXPECT_FALSE(item.done) << "the item has ended";
    if (name == "response.output_item.done") {
      EXPECT_EQ(data["item"]["id"], item.item["id"]);
      EXPECT_EQ(data["item"]["type"], item.item["type"]);
      EXPECT_EQ(item.parts_open, 0);
      EXPECT_EQ(told_by(data["item"]), item.text);
      item.done = true;
      item.item = data["item"];
      return;
    }
    EXPECT_EQ(data["item_id"], item.item["id"]);
    take_part(name, data, item);
  }

  void take_part(const std::string& name, const Json& data, Item& item) {
    if (name.ends_with("part.added")) {
      ++item.parts_open;
    } else if (name.ends_with("part.done")) {
      --item.parts_open;
    } else if (name.ends_with(".delta")) {
      const bool in_part =
          name.find("text") != std::string::npos || name.find("refusal") != std::string::npos;
      EXPECT_EQ(item.parts_open, in_part ? 1 : 0);
      item.text += string_in(data, "delta");
      if (name == "response.output_text.delta") text_ += string_in(data, "delta");
    } else if (name.ends_with("text.done")) {
      EXPECT_EQ(data["text"], item.text);
    }
  }

  /// What the deltas of an item must have told.
  static std::string told_by(const Json& item) {
    const auto type = string_in(item, "type");
    if (type == "function_call") return std::string(string_in(item, "arguments"));
    if (type == "custom_tool_call") return std::string(string_in(item, "input"));
    if (type == "code_interpreter_call") return std::string(string_in(item, "code"));
    const Json* parts = find(item, type == "reasoning" ? "summary" : "content");
    std::string text;
    for (const auto& part : parts ? *parts : Json::array())
      text.append(string_in(part, "text")).append(string_in(part, "refusal"));
    return text;
  }

  void end(const Json& response) {
    over_ = true;
    response_ = response;
    ASSERT_EQ(response["output"].size(), items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      EXPECT_TRUE(items_[i].done);
      EXPECT_EQ(items_[i].item, response["output"][i]);
    }
  }

  std::int64_t next_number_ = 0;
  std::vector<Item> items_;
  std::string text_;
  bool over_ = false;
  Json response_;
};

gemini::Reply reply(std::string_view json) {
  auto read = gemini::read_reply(json);
  EXPECT_TRUE(read) << json;
  return read ? *std::move(read) : gemini::Reply();
}

Json whole(const std::string& body, ResponseWishes wishes = {}, KeepSignature keep = {}) {
  std::vector<gemini::Reply> replies;
  replies.push_back(reply(body));
  auto text = rendering(false, std::move(wishes), std::move(keep)).whole(std::move(replies));
  EXPECT_TRUE(text);
  return text ? *parse_json(*text) : Json();
}

std::string streamed(const std::vector<std::string>& bodies, ResponseWishes wishes = {}) {
  auto told = rendering(true, std::move(wishes));
  std::string out = told.begin();
  for (const auto& body : bodies) out += told.push(reply(body), 0);
  EXPECT_TRUE(told.finished());
  return out + told.finish();
}

/// Types of the items of a response, with their status.
std::string shape(const Json& response) {
  std::string all = std::string(string_in(response, "status")) + ":";
  for (const auto& item : response["output"]) {
    all.append(" ").append(string_in(item, "type"));
    if (const auto status = string_in(item, "status"); !status.empty() && status != "completed")
      all.append("(").append(status).append(")");
  }
  return all;
}

TEST(ResponseRenderingTest, TellsAnAnswer) {
  const Json response = whole(
      R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Hel"},{"text":"lo"}]},"finishReason":"STOP"}],
      "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7,"thoughtsTokenCount":11,"cachedContentTokenCount":2}})");
  EXPECT_EQ(response["id"], "resp_0123abcd");
  EXPECT_EQ(response["object"], "response");
  EXPECT_EQ(response["created_at"], 1'700'000'000);
  EXPECT_EQ(response["status"], "completed");
  EXPECT_TRUE(response["error"].is_null());
  EXPECT_TRUE(response["incomplete_details"].is_null());
  EXPECT_EQ(response["model"], "gemini-x");
  EXPECT_EQ(response["output"], *parse_json(R"([
      {"id":"rs_0123abcdo0","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},
      {"id":"msg_0123abcdo1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hello"}]}])"));
  EXPECT_EQ(
      response["usage"],
      *parse_json(
          R"({"input_tokens":5,"input_tokens_details":{"cached_tokens":2,"cache_write_tokens":0},
      "output_tokens":18,"output_tokens_details":{"reasoning_tokens":11},"total_tokens":23})"));
}

TEST(ResponseRenderingTest, TellsHowItEnded) {
  const struct {
    const char* name;
    const char* reply;
    const char* shape;
    const char* reason;  ///< null: none
  } cases[] = {
      {"complete", R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]})",
       "completed: message", nullptr},
      {"cut at the limit",
       R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"MAX_TOKENS"}]})",
       "incomplete: message(incomplete)", "max_output_tokens"},
      {"cut before it said anything", R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})",
       "incomplete:", "max_output_tokens"},
      {"not wanted",
       R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"SAFETY"}]})",
       "incomplete: message(incomplete)", "content_filter"},
      {"a blocked prompt", R"({"promptFeedback":{"blockReason":"SAFETY"}})",
       "incomplete: message(incomplete)", "content_filter"},
      {"calls",
       R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP"}]})",
       "completed: function_call function_call", nullptr},
      {"code that was run",
       R"({"candidates":[{"content":{"parts":[{"text":"a"},{"executableCode":{"language":"PYTHON","code":"1+1"}},
          {"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2"}},{"text":"b"}]},"finishReason":"STOP"}]})",
       "completed: message code_interpreter_call message", nullptr},
      {"a picture",
       R"({"candidates":[{"content":{"parts":[{"text":"See"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},"finishReason":"STOP"}]})",
       "completed: message image_generation_call", nullptr},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Json response = whole(c.reply);
    EXPECT_EQ(shape(response), c.shape);
    const Json& details = response["incomplete_details"];
    const Json reason = c.reason ? Json{{"reason", c.reason}} : Json();
    EXPECT_EQ(details, reason);
    Follower follower;
    follower.follow(events_of(streamed({c.reply})));
    EXPECT_EQ(follower.response(), response);
  }
}

TEST(ResponseRenderingTest, TellsItems) {
  const Json refused = whole(R"({"promptFeedback":{"blockReason":"SAFETY"}})");
  EXPECT_EQ(refused["output"][0]["content"],
            *parse_json(R"([{"type":"refusal","refusal":"The prompt was blocked (SAFETY)."}])"));
  const Json code = whole(
      R"({"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"1+1"}},
      {"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2\n"}}]},"finishReason":"STOP"}]})");
  EXPECT_EQ(
      code["output"][0],
      *parse_json(
          R"({"id":"ci_0123abcdo0","type":"code_interpreter_call","status":"completed","code":"1+1",
      "container_id":"cntr_resp_0123abcd","outputs":[{"type":"logs","logs":"2\n"}]})"));
  const Json drawn = whole(
      R"({"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/jpeg","data":"AAAA"},"thoughtSignature":"S"}]},"finishReason":"STOP"}]})");
  EXPECT_EQ(
      drawn["output"][0],
      *parse_json(
          R"({"id":"ig_0123abcdo0","type":"image_generation_call","status":"completed","result":"AAAA","output_format":"jpeg"})"));
}

constexpr auto kTwoCalls =
    R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"input":"x"},"id":"c1"},"thoughtSignature":"SIG"},{"functionCall":{"name":"g","args":{"a":1}}}]},"finishReason":"STOP"}]})";

TEST(ResponseRenderingTest, TellsCallsAsTheClientWantsThem) {
  std::vector<std::string> kept;
  const auto keep = [&](const auto& id, const auto& signature) {
    kept.push_back(id + "=" + signature);
  };
  const Json calls = whole(kTwoCalls, {}, keep);
  EXPECT_EQ(
      calls["output"][0],
      *parse_json(
          R"({"id":"fc_0123abcdo0","type":"function_call","status":"completed","call_id":"c1","name":"f","arguments":"{\"input\":\"x\"}"})"));
  EXPECT_TRUE(string_in(calls["output"][1], "call_id").starts_with("call_"));
  EXPECT_EQ(kept, std::vector<std::string>{"c1=SIG"});

  ResponseWishes one;
  one.one_call = true;
  EXPECT_EQ(whole(kTwoCalls, one)["output"].size(), 1u);

  ResponseWishes own;
  own.custom_tools = {"f"};
  own.namespaces["g"] = {"space", "inner"};
  const Json custom = whole(kTwoCalls, own);
  EXPECT_EQ(
      custom["output"][0],
      *parse_json(
          R"({"id":"ctc_0123abcdo0","type":"custom_tool_call","status":"completed","call_id":"c1","name":"f","input":"x"})"));
  EXPECT_EQ(custom["output"][1]["name"], "inner");
  EXPECT_EQ(custom["output"][1]["namespace"], "space");
  Follower follower;
  follower.follow(events_of(streamed({kTwoCalls}, own)));
  EXPECT_EQ(follower.response(), custom);
}

TEST(ResponseRenderingTest, SealsSignaturesForStatelessClients) {
  ResponseWishes wishes;
  wishes.sealed_signatures = true;
  const Json response = whole(kTwoCalls, wishes);
  EXPECT_EQ(shape(response), "completed: reasoning function_call function_call");
  const auto sealed = unseal(string_in(response["output"][0], "encrypted_content"));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->call_id, "c1");
  EXPECT_EQ(sealed->signature, "SIG");
  const Json thought = whole(
      R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"functionCall":{"name":"f","args":{},"id":"c1"},"thoughtSignature":"SIG"}]},"finishReason":"STOP"}]})",
      wishes);
  EXPECT_EQ(shape(thought), "completed: reasoning function_call");
  EXPECT_TRUE(unseal(string_in(thought["output"][0], "encrypted_content")));
}

TEST(ResponseRenderingTest, KeepsWhatClientsDoNotSee) {
  std::vector<std::string> kept;
  auto told = rendering(true, {}, [&](const auto& id, const auto& signature) {
    kept.push_back(id + "=" + signature);
  });
  std::string out = told.begin();
  out += told.push(reply(R"({"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]})"), 0);
  out += told.push(
      reply(
          R"({"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"SIG"}]},"finishReason":"STOP"}]})"),
      0);
  out += told.finish();
  EXPECT_EQ(kept, std::vector<std::string>{"msg_0123abcdo0=SIG"});
  EXPECT_EQ(told.items()[0]["signature"], "SIG");
  EXPECT_EQ(out.find("SIG"), std::string::npos);
}

TEST(ResponseRenderingTest, CitesAndSaysWhatItLookedFor) {
  const auto first = R"({"candidates":[{"content":{"parts":[{"text":"Ü日"}]}}]})";
  const auto second =
      R"({"candidates":[{"content":{"parts":[{"text":"本 is"}]},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"],
      "groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"web":{"uri":"https://b","title":"B"}}],
      "groundingSupports":[{"segment":{"startIndex":2,"endIndex":8},"groundingChunkIndices":[1]}]}}]})";
  ResponseWishes wishes;
  wishes.sources = true;
  const auto events = events_of(streamed({first, second}, wishes));
  Follower follower;
  follower.follow(events);
  const Json& output = follower.response()["output"];
  EXPECT_EQ(
      output[0]["content"][0]["annotations"],
      *parse_json(
          R"([{"type":"url_citation","url":"https://b","title":"B","start_index":1,"end_index":3}])"));
  EXPECT_EQ(
      output[1],
      *parse_json(
          R"({"id":"ws_0123abcdo1","type":"web_search_call","status":"completed","action":{"type":"search","query":"q","queries":["q"],
      "sources":[{"type":"url","url":"https://a"},{"type":"url","url":"https://b"}]}})"));
  const auto cited = std::find_if(events.begin(), events.end(), [](const Told& event) {
    return event.name == "response.output_text.annotation.added";
  });
  ASSERT_NE(cited, events.end());
  EXPECT_EQ(cited->data["annotation_index"], 0);
}

TEST(ResponseRenderingTest, TellsAStreamEventByEvent) {
  const auto out = streamed(
      {R"({"candidates":[{"content":{"parts":[{"text":"h","thought":true}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"m","thought":true},{"text":"Hi"}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"!"}]},"finishReason":"STOP"}]})"});
  std::vector<std::string> names;
  for (const auto& event : events_of(out)) names.push_back(event.name.substr(9));
  EXPECT_EQ(names,
            (std::vector<std::string>{
                "created", "in_progress", "output_item.added", "reasoning_summary_part.added",
                "reasoning_summary_text.delta", "reasoning_summary_text.delta",
                "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
                "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
                "output_text.done", "content_part.done", "output_item.done", "completed"}));
}

TEST(ResponseRenderingTest, FailsAndIsCancelledInOrder) {
  const auto half = R"({"candidates":[{"content":{"parts":[{"text":"Hal"}]}}]})";
  auto failing = rendering(true);
  std::string out = failing.begin();
  out += failing.push(reply(half), 0);
  EXPECT_FALSE(failing.finished());
  out += failing.fail(502, {ErrorKind::upstream, "it broke off", ""});
  const auto events = events_of(out);
  Follower follower;
  follower.follow(events);
  EXPECT_EQ(shape(follower.response()), "failed: message(incomplete)");
  EXPECT_EQ(follower.response()["error"],
            *parse_json(R"({"code":"server_error","message":"it broke off"})"));
  const auto& error = events[events.size() - 2];
  EXPECT_EQ(error.name, "error");
  EXPECT_EQ(error.data["code"], "server_error");
  EXPECT_EQ(error.data["message"], "it broke off");

  auto cancelled = rendering(true);
  out = cancelled.begin();
  out += cancelled.push(reply(half), 0);
  out += cancelled.fail(499, {ErrorKind::cancelled, "given up", ""});
  Follower other;
  other.follow(events_of(out));
  EXPECT_EQ(shape(other.response()), "cancelled: message(incomplete)");
}

/// All candidates' parts of a stream as one reply.
gemini::Reply joined(const std::vector<std::string>& events) {
  gemini::Reply all;
  for (const auto& event : events) {
    auto one = reply(event);
    if (one.usage) all.usage = one.usage;
    if (!one.refusal.empty()) all.refusal = one.refusal;
    if (one.candidates.empty()) continue;
    if (all.candidates.empty()) all.candidates.emplace_back();
    auto& whole = all.candidates.front();
    for (auto& candidate : one.candidates) {
      if (candidate.index != 0) continue;
      for (auto& piece : candidate.pieces) {
        const bool goes_on =
            !whole.pieces.empty() && whole.pieces.back().kind == piece.kind &&
            (piece.kind == gemini::Piece::Kind::text || piece.kind == gemini::Piece::Kind::thought);
        if (goes_on) {
          whole.pieces.back().text += piece.text;
          if (!piece.signature.empty()) whole.pieces.back().signature = piece.signature;
        } else {
          whole.pieces.push_back(std::move(piece));
        }
      }
      if (!candidate.grounding.is_null()) whole.grounding = std::move(candidate.grounding);
      if (!candidate.finish_reason.empty()) whole.finish_reason = candidate.finish_reason;
    }
  }
  return all;
}

TEST(ResponseRenderingTest, EveryRecordedStreamIsLegalAndEndsAsTheWholeAnswerDoes) {
  std::size_t told = 0;
  for (const auto& recording : testing::recordings("stream")) {
    if (!recording.streamed || recording.path.find(":streamGenerateContent") == std::string::npos)
      continue;
    if (std::any_of(recording.events.begin(), recording.events.end(),
                    [](const auto& event) { return !gemini::read_reply(event); }))
      continue;
    for (const bool sealed : {false, true}) {
      SCOPED_TRACE(recording.name);
      ResponseWishes wishes;
      wishes.sealed_signatures = sealed;
      auto stream = rendering(true, wishes);
      std::string out = stream.begin();
      for (const auto& event : recording.events) out += stream.push(reply(event), 0);
      out += stream.finish();
      Follower follower;
      follower.follow(events_of(out));
      EXPECT_TRUE(follower.over());
      std::vector<gemini::Reply> replies;
      replies.push_back(joined(recording.events));
      const auto whole = rendering(false, wishes).whole(std::move(replies));
      if (whole) EXPECT_EQ(*parse_json(*whole), follower.response());
      ++told;
    }
  }
  if (told > 0) EXPECT_GT(told, 40u);
}

}  // namespace
}  // namespace gembal::openai
