#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "cmd/image_display.hpp"
#include "cmd/image_names.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kPng = "\x89PNG\r\n\x1a\n and so on";
const std::string kJpeg = "\xff\xd8\xff\xe0 and so on";

std::string picture_reply(const std::string& bytes, const std::string& type = "image/png") {
  return R"({"candidates":[{"content":{"parts":[{"text":"Here."},{"inlineData":{"mimeType":")" +
         type + R"(","data":")" + base64_encode(bytes) +
         R"("}}],"role":"model"},"finishReason":"STOP"}]})";
}

const std::string kRefusal =
    R"({"candidates":[{"finishReason":"IMAGE_SAFETY","finishMessage":"Not that."}]})";

class ImageTest : public ::testing::Test {
 protected:
  ImageTest()
      : upstream_([this](Call& call) { answer(call); }),
        environment_{{"BASE_URL", upstream_.base_url()}, {"MAX_RETRIES", "0"}} {
    run(home_, {"keys", "add", "--exact"}, "key-one\nkey-two\nkey-three\n");
  }

  void set_answer(std::function<void(Call&)> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  Finished image(std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), "image");
    return run(home_, words, input, environment_);
  }

  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(home_.path()))
      count += entry.is_regular_file() ? 1 : 0;
    return count;
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
  std::function<void(Call&)> answer_ = [](Call& call) { call.reply(200, picture_reply(kPng)); };

 protected:
  FakeUpstream upstream_;
  TempDir home_;
  Environment environment_;
};

TEST_F(ImageTest, WritesTheFileAndPrintsItsPath) {
  const auto made = image({"a", "cat", "-o", "cat.png", "--aspect", "16:9", "--size", "2K", "-m",
                           "gemini-3-pro-image"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.out, "cat.png\n");
  EXPECT_EQ(made.err, "");
  EXPECT_EQ(home_.read("cat.png"), kPng);
  EXPECT_EQ(files(), 1u);
  const auto request = upstream_.last();
  EXPECT_NE(request.path().find("/models/gemini-3-pro-image:generateContent"), std::string::npos);
  const Json body = *parse_json(request.body);
  EXPECT_EQ(body["contents"][0]["parts"][0]["text"], "a cat");
  EXPECT_EQ(body["generationConfig"]["imageConfig"]["aspectRatio"], "16:9");
  EXPECT_EQ(body["generationConfig"]["imageConfig"]["imageSize"], "2K");
}

TEST_F(ImageTest, SeveralAreMadeSideBySideAndNumbered) {
  std::atomic<int> waiting = 0;
  Gate all;
  set_answer([&](Call& call) {
    if (++waiting == 3) all.open();
    EXPECT_TRUE(all.wait());
    call.reply(200, picture_reply(kPng));
  });
  const auto made = image({"--json", "a cat", "-o", "cat.png", "-n", "3"});
  EXPECT_EQ(made.status, 0) << made.err;
  const Json images = (*parse_json(made.out))["images"];
  ASSERT_EQ(images.size(), 3u);
  EXPECT_EQ(images[2], (Json{{"path", "cat-3.png"}, {"mime_type", "image/png"}}));
  EXPECT_EQ(home_.read("cat-1.png"), kPng);
  EXPECT_EQ(files(), 3u);
}

TEST_F(ImageTest, TheExtensionIsWhatThePictureIs) {
  set_answer([](Call& call) { call.reply(200, picture_reply(kJpeg, "image/png")); });
  home_.write("cat-2.jpg", "mine");
  const auto made = image({"a cat", "-o", "cat.png"});
  EXPECT_EQ(made.out, "cat.jpg\n");
  EXPECT_NE(made.err.find("image/jpeg"), std::string::npos) << made.err;
  EXPECT_EQ(home_.read("cat.jpg"), kJpeg);
  // What was paid for is not lost to a name that is taken.
  EXPECT_EQ(image({"a cat", "-o", "cat.png"}).out, "cat-3.jpg\n");
  EXPECT_EQ(home_.read("cat-2.jpg"), "mine");
  EXPECT_EQ(image({"a cat", "-o", "cat.data"}).out, "cat.data\n");
}

TEST_F(ImageTest, OneGoesToStandardOutput) {
  const auto made = image({"-", "-o", "-"}, "a cat");
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.out, kPng);
  EXPECT_EQ(image({"a cat", "-o", "-", "-n", "2"}).status, 2);
  EXPECT_EQ(image({"a cat", "-o", "-", "--json"}).status, 2);
}

TEST_F(ImageTest, EditsWhatItIsGiven) {
  home_.write("cat.png", kPng);
  const auto made = image({"make it blue", "-i", "cat.png", "-i", "-", "-o", "blue.png"}, kJpeg);
  EXPECT_EQ(made.status, 0) << made.err;
  const Json parts = (*parse_json(upstream_.last().body))["contents"][0]["parts"];
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0]["inlineData"]["mimeType"], "image/png");
  EXPECT_EQ(parts[0]["inlineData"]["data"], base64_encode(kPng));
  EXPECT_EQ(parts[1]["inlineData"]["mimeType"], "image/jpeg");
  EXPECT_EQ(parts[2]["text"], "make it blue");
}

TEST_F(ImageTest, NothingIsOverwrittenAndNothingAskedForInVain) {
  home_.write("cat-2.png", "mine");
  std::filesystem::create_directory(home_.file("folder"));
  home_.write("notes.txt", "no picture");
  home_.write("empty.png", "");
  const struct {
    std::vector<std::string> words;
    int status;
    const char* says;
  } cases[] = {
      {{"a cat", "-o", "cat.png", "-n", "2"}, 2, "'cat-2.png' is already there"},
      {{"a cat"}, 2, "-o"},
      {{"a cat", "-o", "folder"}, 2, "folder"},
      {{"a cat", "-o", "nowhere/cat.png"}, 1, "No such file"},
      {{" ", "-o", "x.png"}, 2, "nothing to draw"},
      {{"a cat", "-o", "x.png", "-i", "folder"}, 1, "it is a folder"},
      {{"a cat", "-o", "x.png", "-i", "missing.png"}, 1, "No such file"},
      {{"a cat", "-o", "x.png", "-i", "notes.txt"}, 2, "'notes.txt' is not an image"},
      {{"a cat", "-o", "x.png", "-i", "empty.png"}, 2, "'empty.png' is empty"},
      {{"a cat", "-o", "x.png", "--size", "huge"}, 2, "size"},
      {{"a cat", "-o", "x.png", "--aspect", "100:1"}, 2, "aspect_ratio"},
      {{"a cat", "-o", "x.png", "-m", "dall-e-3"}, 2, "dall-e-3"},
      {{"a cat", "--upload"}, 2, "--via"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.says);
    const auto made = image(c.words);
    EXPECT_EQ(made.status, c.status) << made.err;
    EXPECT_NE(made.err.find(c.says), std::string::npos) << made.err;
  }
  EXPECT_TRUE(upstream_.log().empty());
  EXPECT_EQ(home_.read("cat-2.png"), "mine");
  EXPECT_EQ(files(), 3u);
  EXPECT_EQ(image({"a cat", "-o", "cat.png", "-n", "2", "--force"}).status, 0);
  EXPECT_EQ(home_.read("cat-2.png"), kPng);
  EXPECT_EQ(image({"a cat", "-o", "/dev/full"}).status, 1);
}

TEST_F(ImageTest, FailuresHaveTheirStatus) {
  const auto replies = [](const std::string& body) {
    return [body](Call& call) { call.reply(200, body); };
  };
  const struct {
    const char* name;
    std::function<void(Call&)> answer;
    int status;
    const char* says;
  } cases[] = {
      {"a picture that is refused", replies(kRefusal), 6, "IMAGE_SAFETY"},
      {"a prompt that is blocked", replies(R"({"promptFeedback":{"blockReason":"SAFETY"}})"), 6,
       "SAFETY"},
      {"no picture", replies(R"({"candidates":[{"content":{"parts":[{"text":"I would rather not."}],
          "role":"model"},"finishReason":"STOP"}]})"),
       4, "no picture"},
      {"a wrong request",
       [](Call& call) {
         call.reply(400, R"({"error":{"code":400,"message":"Bad.","status":"INVALID_ARGUMENT"}})");
       },
       2, "Bad."},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    set_answer(c.answer);
    const auto made = image({"a cat", "-o", "cat.png"});
    EXPECT_EQ(made.status, c.status) << made.err;
    EXPECT_NE(made.err.find(c.says), std::string::npos) << made.err;
    EXPECT_EQ(files(), 0u);
  }
  // Of several, the good ones are kept.
  std::atomic<int> calls = 0;
  set_answer(
      [&calls](Call& call) { call.reply(200, ++calls == 1 ? kRefusal : picture_reply(kPng)); });
  const auto made = image({"a cat", "-o", "cat.png", "-n", "3"});
  EXPECT_EQ(made.status, 6);
  EXPECT_NE(made.err.find("1 of 3 pictures"), std::string::npos) << made.err;
  EXPECT_EQ(files(), 2u);
}

TEST_F(ImageTest, ADaemonMakesAndKeepsThem) {
  Daemon daemon(home_, upstream_.base_url(), {});
  TempDir laptop;
  const auto address = "http://127.0.0.1:" + std::to_string(daemon.port());
  const std::vector<std::string> via = {"--via", address, "--token", "sk-test"};
  const auto run_via = [&](std::vector<std::string> words) {
    words.insert(words.end(), via.begin(), via.end());
    return run(laptop, words);
  };
  EXPECT_EQ(run_via({"image", "a cat", "-o", "cat.png"}).out, "cat.png\n");
  EXPECT_EQ(laptop.read("cat.png"), kPng);

  const auto kept = run_via({"image", "a cat", "--upload", "--json"});
  EXPECT_EQ(kept.status, 0) << kept.err;
  const std::string url = (*parse_json(kept.out))["images"][0]["url"];
  ASSERT_TRUE(url.starts_with(address + "/images/")) << url;
  EXPECT_EQ(daemon.get(url.substr(address.size())).body, kPng);

  const auto both = run_via({"image", "a cat", "--upload", "-o", "both.png"});
  EXPECT_TRUE(both.out.starts_with("both.png\n" + address + "/images/")) << both.out << both.err;
  EXPECT_EQ(laptop.read("both.png"), kPng);

  const auto edited = run_via({"image", "make it blue", "-i", "cat.png", "--upload"});
  EXPECT_EQ(edited.status, 0) << edited.err;
  EXPECT_TRUE(edited.out.starts_with(address + "/images/")) << edited.out;
  const Json parts = (*parse_json(upstream_.last().body))["contents"][0]["parts"];
  EXPECT_EQ(parts[0]["inlineData"]["data"], base64_encode(kPng));

  set_answer([](Call& call) { call.reply(200, kRefusal); });
  EXPECT_EQ(run_via({"image", "a cat", "--upload"}).status, 6);
  EXPECT_EQ(run_via({"image", "a cat", "-o", "other.png"}).status, 6);
}

TEST(ImageNamesTest, NumbersAndExtensions) {
  EXPECT_EQ(cmd::numbered_name("cat.png", 2), "cat-2.png");
  EXPECT_EQ(cmd::numbered_name("a.b/cat", 2), "a.b/cat-2");
  EXPECT_EQ(cmd::numbered_name(".cat", 1), ".cat-1");
  EXPECT_EQ(cmd::name_for_type("cat.png", "image/jpeg"), "cat.jpg");
  EXPECT_EQ(cmd::name_for_type("cat.JPEG", "image/jpeg"), "cat.JPEG");
  EXPECT_EQ(cmd::name_for_type("a.png/cat", "image/jpeg"), "a.png/cat");
  EXPECT_EQ(cmd::name_for_type("cat.png", "image/x-unknown"), "cat.png");
}

TEST(ImageDisplayTest, KnowsTheTerminalByItsEnvironment) {
  using cmd::picture_protocol;
  using cmd::PictureProtocol;
  EXPECT_EQ(picture_protocol({{"TERM", "xterm-256color"}}), PictureProtocol::none);
  EXPECT_EQ(picture_protocol({{"TERM", "xterm-kitty"}}), PictureProtocol::kitty);
  EXPECT_EQ(picture_protocol({{"KITTY_WINDOW_ID", "1"}}), PictureProtocol::kitty);
  EXPECT_EQ(picture_protocol({{"TERM_PROGRAM", "WezTerm"}}), PictureProtocol::iterm2);
  EXPECT_EQ(picture_protocol({{"TERM_PROGRAM", "iTerm.app"}}), PictureProtocol::iterm2);
  EXPECT_EQ(picture_protocol({{"TERM_PROGRAM", "iTerm.app"}, {"TMUX", "x"}}),
            PictureProtocol::none);
}

TEST(ImageDisplayTest, SendsPicturesInPieces) {
  using cmd::picture_sequence;
  using cmd::PictureProtocol;
  EXPECT_EQ(picture_sequence(PictureProtocol::kitty, "image/png", "abc"),
            "\x1b_Ga=T,f=100,q=2,m=0;YWJj\x1b\\\n");
  EXPECT_EQ(picture_sequence(PictureProtocol::kitty, "image/jpeg", "abc"), "");
  EXPECT_EQ(picture_sequence(PictureProtocol::iterm2, "image/jpeg", "abc"),
            "\x1b]1337;File=inline=1;preserveAspectRatio=1;size=3:YWJj\a\n");
  const auto large = picture_sequence(PictureProtocol::kitty, "image/png", std::string(6000, 'x'));
  EXPECT_NE(large.find("m=1;"), std::string::npos);
  EXPECT_NE(large.find("\x1b_Gm=0;"), std::string::npos);
}

}  // namespace
}  // namespace gembal::testing
