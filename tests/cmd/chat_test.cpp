#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>

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

void say_hello(Call& call) {
  call.begin_stream();
  call.chunk(kFirst);
  call.chunk(kLast);
  call.end_stream();
}

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

Json last_request(const FakeUpstream& upstream) { return *parse_json(upstream.last().body); }

/// A reply of one event with these parts.
std::function<void(Call&)> parts(const std::string& json) {
  return [json](Call& call) {
    call.begin_stream();
    call.chunk(R"(data: {"candidates":[{"content":{"role":"model","parts":)" + json +
               R"(},"finishReason":"STOP"}]})" + "\r\n\r\n");
    call.end_stream();
  };
}

void write(const TempDir& home, const std::string& name, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(home.file(name)).parent_path());
  home.write(name, text);
}

TEST_F(ChatTest, FilesGoAlong) {
  write(home_, "note.txt", "a word\n");
  write(home_, "p.png", "\x89PNG\r\n\x1a\n----");
  const auto chat = run(home_,
                        {"chat", "-f", home_.file("note.txt"), "-a", home_.file("p.png"), "-f",
                         "https://youtu.be/abc", "-f", "-", "What?"},
                        "from a pipe", environment_);
  EXPECT_EQ(chat.status, 0) << chat.err;
  const Json sent = last_request(upstream_)["contents"][0]["parts"];
  ASSERT_EQ(sent.size(), 5u);
  EXPECT_NE(sent[0]["text"].get<std::string>().find("note.txt:\n\n```\na word"), std::string::npos)
      << sent[0];
  EXPECT_EQ(sent[1]["inlineData"]["mimeType"], "image/png");
  EXPECT_EQ(sent[2]["fileData"]["fileUri"], "https://youtu.be/abc");
  EXPECT_NE(sent[3]["text"].get<std::string>().find("from a pipe"), std::string::npos);
  EXPECT_EQ(sent[4]["text"], "What?");
}

TEST_F(ChatTest, FilesThatCannotBeSentAreNamed) {
  write(home_, "x.bin", std::string("\x00\x01\x02", 3));
  write(home_, "empty", "");
  const struct {
    std::string file;
    int status;
    const char* says;
  } cases[] = {{home_.file("x.bin"), 2, "neither text nor"},
               {home_.file("empty"), 2, "is empty"},
               {home_.file("none"), 1, "No such file"},
               {home_.file(""), 1, "folder"},
               {"http://127.0.0.1:1/x", 4, "127.0.0.1:1"}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.file);
    const auto chat = run(home_, {"chat", "-f", c.file, "hi"}, "", environment_);
    EXPECT_EQ(chat.status, c.status) << chat.err;
    EXPECT_NE(chat.err.find(c.says), std::string::npos) << chat.err;
    EXPECT_TRUE(upstream_.log().empty());
  }
  EXPECT_EQ(run(home_, {"chat"}, "\xff\xfe", environment_).status, 2) << "binary on stdin";
}

TEST_F(ChatTest, AChatGoesOn) {
  run(home_, {"chat", "-s", "Be brief.", "-m", "gemini-y", "first"}, "", environment_);
  run(home_, {"chat", "-c", "second"}, "", environment_);
  Json sent = last_request(upstream_);
  ASSERT_EQ(sent["contents"].size(), 3u);
  EXPECT_EQ(sent["contents"][1]["parts"][0]["text"], "Hello") << "the pieces of a stream are one";
  EXPECT_EQ(sent["systemInstruction"]["parts"][0]["text"], "Be brief.");
  EXPECT_NE(upstream_.last().path().find("gemini-y"), std::string::npos);

  run(home_, {"chat", "--session", "work", "a"}, "", environment_);
  run(home_, {"chat", "other"}, "", environment_);
  run(home_, {"chat", "--session", "work", "b"}, "", environment_);
  sent = last_request(upstream_);
  ASSERT_EQ(sent["contents"].size(), 3u);
  EXPECT_EQ(sent["contents"][0]["parts"][0]["text"], "a");

  const auto file = home_.file("data/gembal/sessions/work.json");
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0) << file;
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ChatTest, ASessionThatCannotBeUsedIsLeftAlone) {
  const struct {
    const char* name;
    const char* text;
    const char* says;
  } cases[] = {{"future", R"({"version":2,"contents":[]})", "newer gembal"},
               {"broken", "{\"version\":1", "damaged"}};
  for (const auto& c : cases) {
    const auto place = std::string("data/gembal/sessions/") + c.name + ".json";
    write(home_, place, c.text);
    const auto chat = run(home_, {"chat", "--session", c.name, "hi"}, "", environment_);
    EXPECT_EQ(chat.status, 2);
    EXPECT_NE(chat.err.find(c.says), std::string::npos) << chat.err;
    EXPECT_EQ(home_.read(place), c.text);
  }
  EXPECT_EQ(run(home_, {"chat", "--session", "../x", "hi"}, "", environment_).status, 2);
}

TEST_F(ChatTest, ARefusedAnswerIsNotKept) {
  run(home_, {"chat", "first"}, "", environment_);
  set_answer([](Call& call) {
    call.begin_stream();
    call.chunk("data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\r\n\r\n");
    call.end_stream();
  });
  EXPECT_EQ(run(home_, {"chat", "-c", "bad"}, "", environment_).status, 6);
  set_answer(say_hello);
  run(home_, {"chat", "-c", "good"}, "", environment_);
  EXPECT_EQ(last_request(upstream_)["contents"].size(), 3u);
}

TEST_F(ChatTest, OptionsBecomeTheRequest) {
  write(home_, "schema.json", R"({"type":"object","properties":{"a":{"type":"string"}}})");
  write(home_, "config/gembal/roles/poet.md",
        "---\nmodel: gemini-2.5-pro\ntemperature: 0.7\n---\nYou rhyme.\n");
  run(home_,
      {"chat", "-r", "poet", "--search", "--url", "--thinking", "low", "--schema",
       home_.file("schema.json"), "hi"},
      "", environment_);
  const Json sent = last_request(upstream_);
  EXPECT_NE(upstream_.last().path().find("gemini-2.5-pro"), std::string::npos);
  EXPECT_EQ(sent["systemInstruction"]["parts"][0]["text"], "You rhyme.");
  EXPECT_EQ(sent["generationConfig"]["temperature"], 0.7);
  EXPECT_EQ(sent["generationConfig"]["responseMimeType"], "application/json");
  EXPECT_EQ(sent["generationConfig"]["responseJsonSchema"]["type"], "object");
  EXPECT_TRUE(sent["generationConfig"]["thinkingConfig"].contains("thinkingBudget")) << sent;

  for (const auto& [option, tool] :
       {std::pair{"--search", "googleSearch"}, std::pair{"--code", "codeExecution"},
        std::pair{"--url", "urlContext"}}) {
    run(home_, {"chat", option, "hi"}, "", environment_);
    const auto tools = last_request(upstream_)["tools"].dump();
    EXPECT_NE(tools.find(tool), std::string::npos) << tools;
  }

  const auto unknown = run(home_, {"chat", "-r", "pirate", "hi"}, "", environment_);
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("there are poet"), std::string::npos) << unknown.err;
  EXPECT_EQ(run(home_, {"chat", "--thinking", "much", "hi"}, "", environment_).status, 2);
}

TEST_F(ChatTest, ThoughtsAndUsageAreTalk) {
  set_answer(parts(R"([{"text":"hm","thought":true},{"text":"yes"}])"));
  const auto chat = run(home_, {"chat", "--show-thoughts", "-u", "hi"}, "", environment_);
  EXPECT_EQ(chat.out, "yes\n");
  EXPECT_NE(chat.err.find("hm\n"), std::string::npos) << chat.err;
  EXPECT_NE(chat.err.find("answer tokens"), std::string::npos);
  EXPECT_TRUE(last_request(upstream_)["generationConfig"]["thinkingConfig"]["includeThoughts"]);
}

TEST_F(ChatTest, TheFirstBlockOfCodeAlone) {
  set_answer(parts(R"([{"text":"Here:\n```sh\nls -l\n```\nand\n```\nrm x\n```"}])"));
  EXPECT_EQ(run(home_, {"chat", "-x", "hi"}, "", environment_).out, "ls -l\n");
  set_answer(parts(R"([{"text":"none"}])"));
  EXPECT_EQ(run(home_, {"chat", "-x", "hi"}, "", environment_).out, "none\n");
}

TEST_F(ChatTest, PicturesOfAnAnswerAreSaved) {
  set_answer(
      parts(R"([{"text":"a cat"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0K"}}])"));
  const auto first = run(home_, {"chat", "draw"}, "", environment_);
  EXPECT_EQ(first.out, "a cat\n");
  EXPECT_NE(first.err.find("gembal-1.png"), std::string::npos) << first.err;
  const auto second = run(home_, {"chat", "--json", "draw"}, "", environment_);
  EXPECT_EQ((*parse_json(second.out))["files"][0]["path"], "gembal-2.png");
}

/// The Files API, as far as a chat uses it.
struct FilesApi {
  std::string origin{};
  std::mutex mutex{};  // guards what follows
  std::string last_state = "ACTIVE";
  std::size_t size = 0;
  std::string head{};            ///< of what was uploaded
  std::string key{};             ///< that began it
  std::set<std::string> keys{};  ///< of everything since
  int polls = 0;

  std::string file(const std::string& state) const {
    return R"({"name":"files/a","uri":")" + origin + R"(/v1beta/files/a","state":")" + state +
           "\"}";
  }
  void answer(Call& call) {
    const std::lock_guard lock(mutex);
    const auto path = call.path();
    if (path.find("/upload/v1beta/files?uploadType=resumable") != std::string::npos) {
      key = call.key();
      return call.reply(200, "", "text/plain",
                        {"x-goog-upload-url: " + origin + "/upload/v1beta/files?upload_id=7"});
    }
    keys.insert(call.key());
    if (path.find("upload_id=7") != std::string::npos) {
      size = call.request.body.size();
      head = call.request.body.substr(0, 8);
      return call.reply(200, R"({"file":)" + file("PROCESSING") + "}");
    }
    if (path.find("/v1beta/files/a") != std::string::npos) {
      ++polls;
      return call.reply(200, file(last_state));
    }
    say_hello(call);
  }
};

TEST_F(ChatTest, LargeFilesGoThroughTheFilesApi) {
  run(home_, {"keys", "add", "--exact"}, "key-two\nkey-three\n");
  const auto api = std::make_shared<FilesApi>();
  api->origin = upstream_.base_url().substr(0, upstream_.base_url().rfind('/'));
  set_answer([api](Call& call) { api->answer(call); });
  const std::size_t size = 15u << 20;
  write(home_, "film.mp4",
        std::string("\0\0\0\x18"
                    "ftyp",
                    8) +
            std::string(size - 8, 'x'));
  const auto chat = run(home_, {"chat", "-f", "film.mp4", "What is this?"}, "", environment_);
  EXPECT_EQ(chat.status, 0) << chat.err;
  EXPECT_EQ(chat.out, "Hello\n");
  {
    const std::lock_guard lock(api->mutex);
    EXPECT_EQ(api->size, size);
    EXPECT_EQ(api->head.substr(4), "ftyp");
    EXPECT_EQ(api->polls, 1);
    EXPECT_EQ(api->keys, std::set{api->key}) << "only its own key may use a file";
    api->last_state = "FAILED";
  }
  const auto part = last_request(upstream_)["contents"][0]["parts"][0];
  EXPECT_EQ(part["fileData"]["fileUri"], api->origin + "/v1beta/files/a") << part;
  EXPECT_EQ(part["fileData"]["mimeType"], "video/mp4") << part;

  const auto failed = run(home_, {"chat", "-f", "film.mp4", "What is this?"}, "", environment_);
  EXPECT_EQ(failed.status, 4);
  EXPECT_NE(failed.err.find("the API cannot use 'film.mp4'"), std::string::npos) << failed.err;
}

TEST_F(ChatTest, ADaemonsPoolIsUsed) {
  const auto origin = upstream_.base_url().substr(0, upstream_.base_url().rfind('/'));
  const Environment token = {{"GEMBAL_CLIENT_TOKEN", "sk-laptop"}};
  const auto chat = run(home_, {"chat", "--via", origin + "/", "hi"}, "", token);
  EXPECT_EQ(chat.out, "Hello\n") << chat.err;
  EXPECT_EQ(upstream_.last().header("x-goog-api-key"), "sk-laptop");
  EXPECT_EQ(run(home_, {"chat", "--via", origin, "hi"}).status, 2) << "no token";
  set_answer([](Call& call) {
    call.reply(401, R"({"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}})");
  });
  const auto refused = run(home_, {"chat", "--via", origin, "--token", "sk-x", "hi"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_NE(refused.err.find("refuses the token"), std::string::npos) << refused.err;
  EXPECT_EQ(refused.err.find("sk-x"), std::string::npos);
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
