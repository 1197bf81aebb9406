#include <gtest/gtest.h>
#include <signal.h>

#include <mutex>

#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kFirst =
    "data: "
    R"({"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"}}],"modelVersion":"gemini-x"})"
    "\r\n\r\n";
const std::string kLast =
    "data: "
    R"({"candidates":[{"content":{"parts":[{"text":"lo"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5},"modelVersion":"gemini-x"})"
    "\r\n\r\n";

class ChatTest : public ::testing::Test {
 protected:
  ChatTest()
      : upstream_([this](Call& call) { answer(call); }),
        environment_{{"BASE_URL", upstream_.base_url()}} {
    run(home_, {"keys", "add", "--exact"}, "key-one\n");
  }

  void set_answer(std::function<void(Call&)> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  static void say_hello(Call& call) {
    call.begin_stream();
    call.chunk(kFirst);
    call.chunk(kLast);
    call.end_stream();
  }

 private:
  void answer(Call& call) {
    std::function<void(Call&)> now;
    {
      const std::lock_guard lock(mutex_);
      now = answer_;
    }
    now(call);
  }

  std::mutex mutex_;
  std::function<void(Call&)> answer_ = say_hello;

 protected:
  FakeUpstream upstream_;
  TempDir home_;
  Environment environment_;
};

TEST_F(ChatTest, PrintsTheAnswerAndNothingElse) {
  const auto chat = run(home_, {"chat", "Say", "hello"}, "", environment_);
  EXPECT_EQ(chat.status, 0) << chat.err;
  EXPECT_EQ(chat.out, "Hello\n");
  EXPECT_EQ(chat.err, "");
  EXPECT_NE(upstream_.last().body.find("Say hello"), std::string::npos);
}

TEST_F(ChatTest, PipedTextGoesBeforeThePrompt) {
  run(home_,
      {"chat", "-m", "gemini-y", "-s", "Be brief.", "-t", "0.5", "--max-tokens", "9", "Summarise."},
      "a long text\n", environment_);
  EXPECT_NE(upstream_.last().path().find("/models/gemini-y:streamGenerateContent"),
            std::string::npos);
  const Json request = *parse_json(upstream_.last().body);
  const std::string text = request["contents"][0]["parts"].dump();
  EXPECT_LT(text.find("a long text"), text.find("Summarise."));
  EXPECT_EQ(request["systemInstruction"]["parts"][0]["text"], "Be brief.");
  EXPECT_EQ(request["generationConfig"]["temperature"], 0.5);
  EXPECT_EQ(request["generationConfig"]["maxOutputTokens"], 9);
}

TEST_F(ChatTest, JsonHasEverything) {
  const auto chat = run(home_, {"chat", "--json", "hi"}, "", environment_);
  const Json json = *parse_json(chat.out);
  EXPECT_EQ(json["text"], "Hello");
  EXPECT_EQ(json["model"], "gemini-x");
  EXPECT_EQ(json["finish_reason"], "STOP");
  EXPECT_EQ(json["usage"]["total_tokens"], 5);
  EXPECT_TRUE(json["sources"].is_array());
}

TEST_F(ChatTest, TheAnswerIsShownAsItComes) {
  Gate go;
  set_answer([&](Call& call) {
    call.begin_stream();
    call.chunk(kFirst);
    go.wait();
    call.chunk(kLast);
    call.end_stream();
  });
  Process process(home_, {"chat", "hi"}, environment_);
  process.feed("");
  EXPECT_TRUE(process.says("Hel"));
  EXPECT_EQ(process.out(), "Hel");
  go.open();
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(process.out(), "Hello\n");
}

TEST_F(ChatTest, CtrlCEndsIt) {
  set_answer([](Call& call) {
    call.begin_stream();
    call.chunk(kFirst);
    call.caller_leaves();
    call.cut();
  });
  Process process(home_, {"chat", "hi"}, environment_);
  process.feed("");
  ASSERT_TRUE(process.says("Hel"));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130);
}

TEST_F(ChatTest, FailuresHaveTheirStatus) {
  const auto error = [](int code, std::string message, std::string status) {
    return [=](Call& call) {
      call.reply(code, R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message +
                           R"(","status":")" + status + "\"}}");
    };
  };
  const struct {
    const char* name;
    std::function<void(Call&)> answer;
    int status;
    const char* says;
  } cases[] = {
      {"a wrong request", error(400, "Unknown name.", "INVALID_ARGUMENT"), 2, "Unknown name."},
      {"a quota", error(429, "Please retry in 30s.", "RESOURCE_EXHAUSTED"), 5, "try again"},
      {"blocked",
       [](Call& call) {
         call.begin_stream();
         call.chunk("data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\r\n\r\n");
         call.end_stream();
       },
       6, "blocked"},
      {"cut short",
       [](Call& call) {
         call.begin_stream();
         call.chunk(kFirst);
         call.cut();
       },
       4, ""},
      {"a dead key", error(403, "Your API key was reported as leaked.", "PERMISSION_DENIED"), 3,
       "no usable API key"},
      {"none left", error(400, "never asked", "X"), 3, "no usable API key"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    set_answer(c.answer);
    if (c.name == std::string_view("blocked"))
      run(home_, {"keys", "enable", "--status", "cooling"});
    const auto chat = run(home_, {"chat", "hi"}, "", environment_);
    EXPECT_EQ(chat.status, c.status) << chat.err;
    EXPECT_NE(chat.err.find(c.says), std::string::npos) << chat.err;
    EXPECT_EQ(chat.err.find("key-one"), std::string::npos);
  }
}

TEST_F(ChatTest, ADryRunAsksNobody) {
  const auto chat = run(home_, {"chat", "--dry-run", "hi"}, "", environment_);
  EXPECT_EQ(chat.status, 0);
  EXPECT_NE(chat.out.find("\"hi\""), std::string::npos);
  EXPECT_TRUE(upstream_.log().empty());
  EXPECT_EQ(run(home_, {"chat"}, "", environment_).status, 2) << "nothing was asked";
}

}  // namespace
}  // namespace gembal::testing
