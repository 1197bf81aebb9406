#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

#include "cmd/embed_input.hpp"
#include "cmd/embed_output.hpp"
#include "cmd/progress.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

/// The texts of a batchEmbedContents request.
std::vector<std::string> texts_of(const Call& call) {
  std::vector<std::string> texts;
  const Json body = *parse_json(call.request.body);
  for (const auto& one : body["requests"]) texts.push_back(one["content"]["parts"][0]["text"]);
  return texts;
}

/// A vector that says which text it is of: (0.6, 0.8) turned by the number in the text.
std::string values_of(const std::string& text) {
  const auto digit = text.find_first_of("0123456789");
  const double angle = digit == std::string::npos ? 0 : std::stoi(text.substr(digit)) * 0.001;
  return "{\"values\":[" + std::to_string(std::cos(angle)) + "," + std::to_string(std::sin(angle)) +
         "]}";
}

void answer_vectors(Call& call) {
  std::string body = "{\"embeddings\":[";
  for (const auto& text : texts_of(call)) {
    if (body.back() == '}') body += ',';
    body += values_of(text);
  }
  call.reply(200, body + "]}");
}

std::string lines(int count, int from = 0) {
  std::string text;
  for (int i = from; i < from + count; ++i) text += "text " + std::to_string(i) + "\n";
  return text;
}

/// The index of each line of JSON, checked to be of the text with that number.
std::vector<int> indices_of(const std::string& jsonl) {
  std::vector<int> indices;
  std::istringstream stream(jsonl);
  for (std::string line; std::getline(stream, line);) {
    const auto json = parse_json(line);
    EXPECT_TRUE(json) << line;
    if (!json) break;
    const int index = (*json)["index"].get<int>();
    EXPECT_EQ((*json)["text"], "text " + std::to_string(index));
    EXPECT_NEAR((*json)["embedding"][1].get<double>(), std::sin(index * 0.001), 1e-5);
    indices.push_back(index);
  }
  return indices;
}

std::vector<int> counted(int from, int to) {
  std::vector<int> numbers;
  for (int i = from; i < to; ++i) numbers.push_back(i);
  return numbers;
}

class EmbedTest : public ::testing::Test {
 protected:
  EmbedTest()
      : upstream_([this](Call& call) { answer(call); }),
        environment_{{"BASE_URL", upstream_.base_url()}, {"MAX_RETRIES", "0"}} {
    run(home_, {"keys", "add", "--exact"}, "key-one\nkey-two\nkey-three\n");
  }

  void set_answer(std::function<void(Call&)> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  Finished embed(std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), "embed");
    return run(home_, words, input, environment_);
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(home_.path())) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename());
    }
    return names;
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
  std::function<void(Call&)> answer_ = answer_vectors;

 protected:
  FakeUpstream upstream_;
  TempDir home_;
  Environment environment_;
};

TEST_F(EmbedTest, ALineIsAVectorInOrder) {
  const auto done = embed({}, lines(250));
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(indices_of(done.out), counted(0, 250));
  EXPECT_EQ(upstream_.log().size(), 3u) << "batches of a hundred";
}

TEST_F(EmbedTest, OrderStaysWhenBatchesComeBackInAnother) {
  Gate last;
  set_answer([&](Call& call) {
    const auto texts = texts_of(call);
    if (texts.front() == "text 400") {
      answer_vectors(call);
      last.open();
      return;
    }
    EXPECT_TRUE(last.wait());
    answer_vectors(call);
  });
  EXPECT_EQ(indices_of(embed({}, lines(500)).out), counted(0, 500));
}

TEST_F(EmbedTest, TextsComeFromEverywhere) {
  home_.write("a.txt", "text 2\r\n\r\ntext 3");
  home_.write("b.jsonl", "{\"id\":1,\"text\":\"text 4\"}\n{\"input\":\"text 5\"}\n");
  const auto done =
      embed({"text 0", "-", "--file", "a.txt", "--file", "b.jsonl"}, "{\"text\":\"text 1\"}\n");
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(indices_of(done.out), counted(0, 6));
  EXPECT_EQ(done.err, "gembal: 1 empty line was passed over\n");
}

TEST_F(EmbedTest, APipeThatPausesGetsItsVectors) {
  Process process(home_, {"embed", "text 0", "-"}, environment_);
  EXPECT_TRUE(process.says("\"index\":0")) << process.err();
  process.feed("text 1\n");
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(indices_of(process.out()), counted(0, 2));
}

TEST_F(EmbedTest, SaysWhatItIsFor) {
  embed({"--task-type", "retrieval-query", "--dimensions", "2", "hello"});
  Json one = (*parse_json(upstream_.last().body))["requests"][0];
  EXPECT_EQ(one["model"], "models/gemini-embedding-2");
  EXPECT_EQ(one["content"]["parts"][0]["text"], "task: search result | query: hello");
  EXPECT_FALSE(one.contains("taskType")) << "it has no effect on this model";
  EXPECT_EQ(one["outputDimensionality"], 2);
  const auto done =
      embed({"--task-type", "CLUSTERING", "-m", "models/gemini-embedding-001", "hello"});
  one = (*parse_json(upstream_.last().body))["requests"][0];
  EXPECT_EQ(one["model"], "models/gemini-embedding-001");
  EXPECT_EQ(one["taskType"], "CLUSTERING");
  EXPECT_EQ(one["content"]["parts"][0]["text"], "hello");
  EXPECT_EQ((*parse_json(done.out))["text"], "hello");
  const auto wrong = embed({"--task-type", "clusters", "hello"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("CLUSTERING"), std::string::npos) << wrong.err;
}

TEST_F(EmbedTest, FormatsAreTheirTools) {
  const Json json = *parse_json(embed({"--format", "json"}, lines(150)).out);
  ASSERT_EQ(json.size(), 150u);
  EXPECT_EQ(json[149]["index"], 149);

  const auto csv = embed({"--format", "csv", "say \"0\", please", "text 1"}).out;
  EXPECT_EQ(csv, "index,text,e0,e1\n0,\"say \"\"0\"\", please\",1,0\n1,text 1,1,0.001\n");

  const auto base64 = embed({"--format", "base64", "text 0"}).out;
  const auto bytes = base64_decode(base64.substr(0, base64.size() - 1));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, std::string("\x00\x00\x80\x3f\x00\x00\x00\x00", 8));

  EXPECT_EQ(embed({"--format", "npy"}, lines(150)).out, [&] {
    EXPECT_EQ(embed({"-o", "x.npy"}, lines(150)).status, 0);
    return home_.read("x.npy");
  }());
  const auto npy = home_.read("x.npy");
  ASSERT_EQ(npy.size(), 128 + 150 * 2 * sizeof(float));
  EXPECT_EQ(npy.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(npy.substr(10, 61), "{'descr': '<f4', 'fortran_order': False, 'shape': (150, 2), }");
  EXPECT_EQ(npy[127], '\n');
  float last[2];
  std::memcpy(last, npy.data() + npy.size() - sizeof last, sizeof last);
  EXPECT_NEAR(last[1], std::sin(0.149), 1e-5);
  EXPECT_EQ(embed({"--format", "xml", "hi"}).status, 2);
}

TEST_F(EmbedTest, AFailedBatchIsNamedAndTheRestIsWritten) {
  set_answer([](Call& call) {
    if (texts_of(call).front() == "text 100")
      call.reply(500, R"({"error":{"code":500,"message":"Oops.","status":"INTERNAL"}})");
    else
      answer_vectors(call);
  });
  const auto done = embed({"-o", "v.jsonl"}, lines(300));
  EXPECT_EQ(done.status, 4);
  EXPECT_NE(done.err.find("index 100 to 199"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("100 of 300 texts"), std::string::npos) << done.err;
  auto expected = counted(0, 100);
  for (int i = 200; i < 300; ++i) expected.push_back(i);
  EXPECT_EQ(indices_of(home_.read("v.jsonl")), expected);
  // A matrix keeps a row for each text.
  EXPECT_EQ(embed({"-o", "v.npy"}, lines(300)).status, 4);
  const auto npy = home_.read("v.npy");
  ASSERT_EQ(npy.size(), 128 + 300 * 2 * sizeof(float));
  float row = 0;
  std::memcpy(&row, npy.data() + 128 + 150 * 2 * sizeof(float), sizeof row);
  EXPECT_TRUE(std::isnan(row));

  // What is missing is all that is asked for again.
  set_answer(answer_vectors);
  const auto before = upstream_.log().size();
  const auto resumed = embed({"-o", "v.jsonl", "--resume"}, lines(300));
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(upstream_.log().size(), before + 1);
  const auto indices = indices_of(home_.read("v.jsonl"));
  EXPECT_EQ(std::set<int>(indices.begin(), indices.end()).size(), 300u);
}

TEST_F(EmbedTest, WhatNeverWorksEndsSoon) {
  set_answer([](Call& call) {
    call.reply(404, R"({"error":{"code":404,"message":"No such model.","status":"NOT_FOUND"}})");
  });
  const auto done = embed({"-o", "v.jsonl", "--jobs", "1"}, lines(2000));
  EXPECT_EQ(done.status, 2);
  EXPECT_NE(done.err.find("No such model."), std::string::npos) << done.err;
  EXPECT_EQ(upstream_.log().size(), 3u);
  EXPECT_TRUE(files().empty()) << files().front();
}

TEST_F(EmbedTest, ADaysQuotaEndsItWithWhatThereIs) {
  std::atomic<int> calls = 0;
  set_answer([&calls](Call& call) {
    if (++calls <= 2) return answer_vectors(call);
    call.reply(429, R"({"error":{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED",
        "details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[
        {"quotaId":"EmbedContentRequestsPerDayPerUserPerProjectPerModel-FreeTier"}]}]}})");
  });
  home_.write("in.txt", lines(1000));
  const auto done = embed({"--file", "in.txt", "-o", "v.csv", "--jobs", "1"});
  EXPECT_EQ(done.status, 5) << done.err;
  EXPECT_NE(done.err.find("800 of 1,000 texts"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("--resume"), std::string::npos) << done.err;
}

TEST_F(EmbedTest, GoesOnAfterItWasKilled) {
  for (const std::string name : {"v.jsonl", "v.csv"}) {
    SCOPED_TRACE(name);
    const auto all = embed({"--format", name.substr(2)}, lines(350)).out;
    Gate killed;
    set_answer([&](Call& call) {
      if (texts_of(call).front() == "text 200") {
        killed.wait();
        return call.cut();
      }
      answer_vectors(call);
    });
    {
      home_.write("in.txt", lines(350));
      Process process(home_, {"embed", "--file", "in.txt", "-o", name, "--resume"}, environment_);
      process.feed("");
      EXPECT_TRUE(eventually([&] {
        return home_.read(name).find("text 199") != std::string::npos;
      })) << process.err();
      process.signal(SIGKILL);
      process.wait();
      killed.open();
    }
    // A line that was not finished, too.
    const auto held = home_.read(name);
    home_.write(name, held + all.substr(held.size(), 12));
    set_answer(answer_vectors);
    const auto before = upstream_.log().size();
    const auto resumed = embed({"--file", "in.txt", "-o", name, "--resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.err;
    EXPECT_EQ(home_.read(name), all);
    EXPECT_EQ(upstream_.log().size(), before + 2) << "only what was missing";
    EXPECT_EQ(embed({"--file", "in.txt", "-o", name, "--resume"}).status, 0) << "nothing is left";
    EXPECT_EQ(home_.read(name), all);
  }
}

TEST_F(EmbedTest, DoesNotGoOnWithSomethingElse) {
  home_.write("in.txt", lines(5));
  const auto refused = [&](const std::string& content, const std::string& says) {
    home_.write("v.jsonl", content);
    const auto done = embed({"--file", "in.txt", "-o", "v.jsonl", "--resume"});
    EXPECT_EQ(done.status, 2) << content;
    EXPECT_NE(done.err.find(says), std::string::npos) << done.err;
    EXPECT_EQ(home_.read("v.jsonl"), content);
  };
  refused("my diary", "was not written by this command");
  refused("my\ndiary\n", "line 1 was not written by this command");
  refused("{\"index\":0,\"text\":\"other\",\"embedding\":[1,0]}\n", "other input");
  refused("{\"index\":0,\"text\":\"text 0\",\"embedding\":[1,0,0]}\n", "numbers");
  EXPECT_EQ(embed({"--resume", "hi"}).status, 2);
  EXPECT_EQ(embed({"--resume", "-o", "/dev/full", "--format", "csv", "hi"}).status, 2);
  EXPECT_EQ(embed({"--resume", "-o", "v.npy", "hi"}).status, 2);
}

TEST_F(EmbedTest, NothingIsOverwrittenAndNothingLeftHalfWritten) {
  home_.write("v.jsonl", "mine");
  const auto refused = embed({"-o", "v.jsonl", "text 0"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_EQ(home_.read("v.jsonl"), "mine");
  EXPECT_TRUE(upstream_.log().empty()) << "found out before anything was asked";
  EXPECT_EQ(embed({"-o", "v.jsonl", "--force", "text 0"}).status, 0);
  EXPECT_EQ(indices_of(home_.read("v.jsonl")), counted(0, 1));

  set_answer([&](Call& call) {
    if (texts_of(call).front() == "text 100") {
      call.caller_leaves();
      return call.cut();
    }
    answer_vectors(call);
  });
  home_.write("in.txt", lines(300));
  Process process(home_, {"embed", "--file", "in.txt", "-o", "new.jsonl"}, environment_);
  process.feed("");
  EXPECT_TRUE(eventually([&] { return upstream_.log().size() >= 4; }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130) << process.err();
  EXPECT_EQ(files().size(), 2u) << "in.txt and v.jsonl";
}

TEST_F(EmbedTest, AFullDiskAndAReaderWhoLeaves) {
  const auto full = embed({"-o", "/dev/full"}, lines(2000));
  EXPECT_EQ(full.status, 1);
  EXPECT_NE(full.err.find("No space left on device"), std::string::npos) << full.err;
  const std::string command =
      "cd " + home_.path().string() + " && BASE_URL=" + environment_["BASE_URL"] +
      " XDG_DATA_HOME=" + home_.file("data") + " XDG_CONFIG_HOME=" + home_.file("config") +
      " sh -c '{ " GEMBAL_BINARY
      " embed --file in.txt; echo $? > status; } 2> err | head -n 1 > first'";
  home_.write("in.txt", lines(20'000));
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(indices_of(home_.read("first")), counted(0, 1));
  EXPECT_EQ(home_.read("err"), "");
  EXPECT_EQ(home_.read("status"), "0\n");
}

TEST_F(EmbedTest, BadInputIsToldBeforeAnythingIsAsked) {
  std::filesystem::create_directory(home_.file("folder"));
  home_.write("empty.txt", "");
  home_.write("blank.txt", "\n \n");
  home_.write("binary", std::string("GIF89a\0\1\2", 9));
  home_.write("latin1.txt", "good\ncaf\xe9\n");
  home_.write("bad.jsonl", "{\"text\":\"a\"}\n{\"text\":7}\n");
  const struct {
    std::string path;
    int status;
    const char* says;
  } cases[] = {
      {"folder", 1, "it is a folder"},
      {"missing.txt", 1, "No such file"},
      {"empty.txt", 2, "nothing to embed"},
      {"blank.txt", 2, "nothing to embed"},
      {"binary", 2, "line 1: this is no text"},
      {"latin1.txt", 2, "line 2: this is not valid UTF-8"},
      {"bad.jsonl", 2, "line 2: there is no text in it"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    const auto done = embed({"--file", c.path, "-o", "out.jsonl"});
    EXPECT_EQ(done.status, c.status);
    EXPECT_NE(done.err.find(c.says), std::string::npos) << done.err;
    EXPECT_FALSE(std::filesystem::exists(home_.file("out.jsonl")));
  }
  EXPECT_EQ(embed({}, "").status, 2);
  EXPECT_EQ(embed({"-o", "folder", "hi"}).status, 2);
  EXPECT_EQ(embed({"-o", "nowhere/v.jsonl", "hi"}).status, 1);
  EXPECT_TRUE(upstream_.log().empty());
  TempDir other;
  const auto keyless = run(other, {"embed", "hi"}, "", environment_);
  EXPECT_EQ(keyless.status, 3);
  EXPECT_NE(keyless.err.find("gembal keys add"), std::string::npos) << keyless.err;
}

TEST_F(EmbedTest, GoesThroughADaemon) {
  Daemon daemon(home_, upstream_.base_url(), {});
  TempDir laptop;
  const auto done = run(
      laptop,
      {"embed", "--via", "http://127.0.0.1:" + std::to_string(daemon.port()), "--token", "sk-test"},
      lines(120));
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(indices_of(done.out), counted(0, 120));
}

}  // namespace

TEST(TextParserTest, TakesBytesInAnyCut) {
  const std::string input =
      "\xEF\xBB\xBFone\r\n\n{\"text\":\"no object, for the first is none\"}\nlast";
  for (std::size_t cut = 1; cut < 6; ++cut) {
    cmd::TextParser parser("'x'");
    std::vector<std::string> texts;
    const auto take = [&] {
      for (auto text = parser.next(); *text; text = parser.next()) texts.push_back(**text);
    };
    for (std::size_t at = 0; at < input.size(); at += cut) {
      parser.feed(input.substr(at, cut));
      take();
    }
    parser.end();
    take();
    EXPECT_EQ(texts, (std::vector<std::string>{
                         "one", "{\"text\":\"no object, for the first is none\"}", "last"}));
    EXPECT_EQ(parser.empty_lines(), 1u);
  }
}

TEST(ProgressTest, TellsRateAndTimeLeft) {
  EXPECT_EQ(cmd::progress_line(0, 300, "texts", 0), "0/300 texts");
  EXPECT_EQ(cmd::progress_line(12'300, 100'000, "texts", 8),
            "12,300/100,000 texts  1,537/s  58 s left");
  EXPECT_EQ(cmd::progress_line(5, std::nullopt, "texts", 2), "5 texts  2.5/s");
  EXPECT_EQ(cmd::progress_line(100, 100'000, "texts", 10), "100/100,000 texts  10/s  2:46 h left");
}

}  // namespace gembal::testing
