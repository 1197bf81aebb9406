// Pictures through the running binary: OpenAI's images API on Gemini's image models.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <set>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/picture.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/picture_hosts.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr const char* kGenerations = "/v1/images/generations";
constexpr const char* kEdits = "/v1/images/edits";

std::string png_reply(const std::string& png = tiny_png()) {
  return R"({"candidates":[{"content":{"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":")" +
         base64_encode(png) +
         R"("}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":1290,"totalTokenCount":1295}})";
}

std::string finish_reply(const std::string& reason) {
  return R"({"candidates":[{"content":{},"finishReason":")" + reason +
         R"("}],"usageMetadata":{"promptTokenCount":5,"totalTokenCount":5}})";
}

std::string ask_for(const std::string& prompt, const std::string& more = "") {
  return R"({"prompt":)" + to_text(Json(prompt)) + more + "}";
}

Json json_of(const Message& reply) {
  auto json = parse_json(reply.body);
  return json ? *json : Json();
}

/// The path of an address at this daemon.
std::string path_of(const std::string& url) { return url.substr(url.find('/', 8)); }

/// A form as curl writes it.
std::string form(const std::vector<std::pair<std::string, std::string>>& fields,
                 const std::vector<std::pair<std::string, std::string>>& files) {
  std::string body;
  for (const auto& [name, value] : fields) {
    body += "--------------------------b\r\nContent-Disposition: form-data; name=\"" + name +
            "\"\r\n\r\n" + value + "\r\n";
  }
  for (const auto& [name, bytes] : files) {
    body += "--------------------------b\r\nContent-Disposition: form-data; name=\"" + name +
            "\"; filename=\"cat.png\"\r\nContent-Type: image/png\r\n\r\n" + bytes + "\r\n";
  }
  return body + "--------------------------b--\r\n";
}

const std::vector<std::string> kForm = {
    "content-type: multipart/form-data; boundary=------------------------b"};

/// The data of a stream's events, in order; and their names.
std::vector<std::pair<std::string, Json>> events_of(const std::string& body) {
  std::vector<std::pair<std::string, Json>> events;
  std::string name;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = body.find('\n', at);
    const auto line = body.substr(at, end - at);
    if (line.starts_with("event: ")) name = line.substr(7);
    if (line.starts_with("data: ")) {
      auto json = parse_json(line.substr(6));
      events.emplace_back(name, json ? *json : Json());
      name.clear();
    }
    at = end + 1;
  }
  return events;
}

/// A daemon in front of the sandbox.
class ImagesTest : public ::testing::Test {
 protected:
  TempDir home_;
  SandboxProcess sandbox_{home_};
  Daemon daemon_{home_, sandbox_.base_url(), {"key-one", "key-two"}};
};

TEST_F(ImagesTest, MakesPicturesOfTheAskedShape) {
  for (const std::string base : {"/v1", "/hf/v1"}) {
    const auto reply =
        daemon_.post(base + "/images/generations",
                     ask_for("a cat", R"(,"size":"1792x1024","response_format":"b64_json","n":2)"));
    ASSERT_EQ(reply.status(), 200) << reply.body;
    EXPECT_TRUE(reply.whole);
    const Json json = json_of(reply);
    ASSERT_EQ(json["data"].size(), 2u);
    for (const auto& one : json["data"]) {
      const auto png = base64_decode(string_in(one, "b64_json"));
      ASSERT_TRUE(png);
      EXPECT_EQ(picture_size(*png), (PictureSize{128, 72}));
    }
    EXPECT_EQ(json["size"], "128x72");
    EXPECT_EQ(json["output_format"], "png");
    EXPECT_GT(json["created"], 1'700'000'000);
    const Json& usage = json["usage"];
    EXPECT_EQ(usage["total_tokens"],
              usage["input_tokens"].get<int>() + usage["output_tokens"].get<int>());
    EXPECT_GE(usage["output_tokens_details"]["image_tokens"].get<int>(), 2 * 1120);
    EXPECT_FALSE(json.contains("warning")) << reply.body;
  }
}

TEST_F(ImagesTest, GivesAnAddressThatAnybodyWhoHasItCanAskFor) {
  const auto reply = daemon_.post(kGenerations, ask_for("a cat"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const Json json = json_of(reply);
  const auto url = std::string(string_in(json["data"][0], "url"));
  ASSERT_TRUE(url.starts_with("http://")) << reply.body;
  EXPECT_FALSE(json["data"][0].contains("b64_json"));
  EXPECT_EQ(json["size"], "128x128");
  const auto picture = ask(daemon_.port(), http_request("GET", path_of(url), ""));
  ASSERT_EQ(picture.status(), 200);
  EXPECT_EQ(picture.header("content-type"), "image/png");
  EXPECT_EQ(picture.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(picture_type(picture.body), "image/png");
  EXPECT_EQ(ask(daemon_.port(), http_request("GET", "/images/" + std::string(32, '0') + ".png", ""))
                .status(),
            404);
  EXPECT_EQ(ask(daemon_.port(), http_request("POST", path_of(url), "")).status(), 405);
}

TEST_F(ImagesTest, StreamsDraftsAndTheResult) {
  const auto reply = daemon_.post(
      kGenerations, ask_for("a cat", R"(,"stream":true,"partial_images":2,"model":"gpt-image-1")"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(reply.header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_TRUE(reply.whole);
  const auto events = events_of(reply.body);
  ASSERT_EQ(events.size(), 2u) << reply.body.substr(0, 2000);
  EXPECT_EQ(events[0].first, "image_generation.partial_image");
  EXPECT_EQ(events[0].second["type"], "image_generation.partial_image");
  EXPECT_EQ(events[0].second["partial_image_index"], 0);
  EXPECT_EQ(events[1].first, "image_generation.completed");
  EXPECT_EQ(events[1].second["size"], "128x128");
  EXPECT_GT(events[1].second["usage"]["total_tokens"].get<int>(), 1000);
  EXPECT_TRUE(base64_decode(string_in(events[1].second, "b64_json")));
}

TEST_F(ImagesTest, EditsPictures) {
  const auto edited = [&](const std::vector<std::pair<std::string, std::string>>& files) {
    return daemon_.post(
        kEdits,
        form({{"prompt", "make it blue"}, {"model", "gpt-image-1"}, {"size", "1024x1024"}}, files),
        kForm);
  };
  const auto one = edited({{"image", tiny_png()}});
  ASSERT_EQ(one.status(), 200) << one.body;
  const auto several =
      edited({{"image[]", tiny_png()}, {"image[]", tiny_png()}, {"mask", tiny_png()}});
  ASSERT_EQ(several.status(), 200) << several.body;
  EXPECT_NE(json_of(one)["data"][0]["b64_json"], json_of(several)["data"][0]["b64_json"]);
  EXPECT_GT(json_of(several)["usage"]["input_tokens_details"]["image_tokens"],
            json_of(one)["usage"]["input_tokens_details"]["image_tokens"]);
}

TEST_F(ImagesTest, StreamsEdits) {
  const auto reply = daemon_.post(
      kEdits,
      form({{"prompt", "make it blue"}, {"stream", "true"}, {"n", "2"}}, {{"image", tiny_png()}}),
      kForm);
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const auto events = events_of(reply.body);
  ASSERT_EQ(events.size(), 2u);
  for (const auto& [name, event] : events) EXPECT_EQ(name, "image_edit.completed");
}

TEST_F(ImagesTest, RefusesWhatIsWrongAndNamesIt) {
  const struct {
    const char* name;
    const char* path;
    std::string body;
    std::vector<std::string> headers;
    int status;
    const char* param;  // "" for null
  } cases[] = {
      {"no prompt", kGenerations, "{}", {}, 400, "prompt"},
      {"too many", kGenerations, ask_for("x", R"(,"n":99)"), {}, 400, "n"},
      {"a size that is none", kGenerations, ask_for("x", R"(,"size":"big")"), {}, 400, "size"},
      {"no JSON", kGenerations, "hello", {}, 400, ""},
      {"a form where JSON is wanted", kGenerations, form({{"prompt", "x"}}, {}), kForm, 400, ""},
      {"JSON where a form is wanted",
       kEdits,
       ask_for("x"),
       {"content-type: application/json"},
       400,
       ""},
      {"a form without a picture", kEdits, form({{"prompt", "x"}}, {}), kForm, 400, "image"},
      {"a form without words", kEdits, form({}, {{"image", tiny_png()}}), kForm, 400, "prompt"},
      {"a picture that is none", kEdits, form({{"prompt", "x"}}, {{"image", "hello"}}), kForm, 400,
       "image"},
      {"the second picture is none", kEdits,
       form({{"prompt", "x"}}, {{"image[]", tiny_png()}, {"image[]", "hello"}}), kForm, 400,
       "image[1]"},
      {"a form that is cut short", kEdits,
       form({{"prompt", "x"}}, {{"image", tiny_png()}}).substr(0, 300), kForm, 400, ""},
      {"a model that makes no pictures",
       kGenerations,
       ask_for("x", R"(,"model":"gemini-2.5-flash")"),
       {},
       400,
       ""},
      {"a model that is not",
       kGenerations,
       ask_for("x", R"(,"model":"gemini-0-image")"),
       {},
       404,
       ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto reply = daemon_.post(c.path, c.body, c.headers);
    EXPECT_EQ(reply.status(), c.status) << reply.body;
    const Json error = json_of(reply)["error"];
    EXPECT_EQ(string_in(error, "type"), "invalid_request_error") << reply.body;
    EXPECT_EQ(string_in(error, "param"), c.param) << reply.body;
    EXPECT_EQ(reply.header("x-gembal-attempts"), "");
  }
  EXPECT_EQ(daemon_.get(kGenerations).status(), 405);
  EXPECT_EQ(ask(daemon_.port(), http_request("POST", kGenerations, ask_for("x"))).status(), 401);
}

TEST_F(ImagesTest, WhatTheModelRefusesIsTheCallersAndNoKeys) {
  const struct {
    const char* fault;
    const char* code;
  } cases[] = {{"prompt-blocked", "content_policy_violation"},
               {"image-safety", "content_policy_violation"},
               {"no-image", "image_generation_failed"}};
  for (const auto& c : cases) {
    for (const std::string more : {"", R"(,"stream":true)"}) {
      SCOPED_TRACE(c.fault + more);
      const auto reply = daemon_.post(
          kGenerations, ask_for(R"(sandbox:{"fault":")" + std::string(c.fault) + "\"}", more));
      EXPECT_EQ(reply.status(), 400) << reply.body;
      const Json error = json_of(reply)["error"];
      EXPECT_EQ(error["code"], c.code) << reply.body;
      EXPECT_EQ(error["param"], "prompt");
    }
  }
  const auto keys = run(home_, {"keys", "list", "--json"});
  const Json list = *parse_json(keys.out);
  for (const auto& key : list["keys"]) {
    EXPECT_EQ(key["status"], "ok") << keys.out;
    EXPECT_EQ(key["failures"], 0) << keys.out;
  }
}

TEST(ImageCallsTest, PicturesAreMadeSideBySideByDifferentKeys) {
  std::atomic<int> arrived = 0;
  Gate all_there;
  FakeUpstream upstream([&](Call& call) {
    if (++arrived == 3) all_there.open();
    EXPECT_TRUE(all_there.wait());
    call.reply(200, png_reply());
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one", "key-two", "key-three"});
  const auto reply = daemon.post(kGenerations, ask_for("a cat {n:3}"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(json_of(reply)["data"].size(), 3u);
  EXPECT_EQ(json_of(reply)["usage"]["total_tokens"], 3 * 1295);
  std::set<std::string> keys;
  for (const auto& line : upstream.log()) keys.insert(line.substr(0, line.find(' ')));
  EXPECT_EQ(keys.size(), 3u);
}

TEST(ImageCallsTest, AsksGeminiInItsWords) {
  FakeUpstream upstream([](Call& call) { call.reply(200, png_reply()); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  ASSERT_EQ(daemon.post(kGenerations, ask_for("a cat", R"(,"size":"1024x1536")")).status(), 200);
  EXPECT_EQ(upstream.last().path(), "/v1beta/models/gemini-3.1-flash-image:generateContent");
  const Json body = *parse_json(upstream.last().body);
  EXPECT_EQ(to_text(body["contents"]), R"([{"role":"user","parts":[{"text":"a cat"}]}])");
  EXPECT_EQ(to_text(body["generationConfig"]),
            R"({"responseModalities":["IMAGE"],"imageConfig":{"aspectRatio":"2:3"}})");
  EXPECT_EQ(body["safetySettings"].size(), 5u) << upstream.last().body;
}

TEST(ImageCallsTest, PaidKeysGoFirst) {
  FakeUpstream upstream([](Call& call) { call.reply(200, png_reply()); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"free-one", "free-two"},
                "[keys]\npaid = [\"paid-one\"]\n");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(daemon.post(kGenerations, ask_for("a cat")).status(), 200);
  for (const auto& line : upstream.log()) EXPECT_TRUE(line.starts_with("paid-one ")) << line;
}

TEST(ImageCallsTest, AKeyOutOfQuotaCostsAnotherTryAndNoPicture) {
  FakeUpstream upstream([](Call& call) {
    if (call.key() == "key-one") {
      return call.reply(
          429,
          R"({"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}})");
    }
    call.reply(200, png_reply());
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one", "key-two"});
  const auto reply = daemon.post(kGenerations, ask_for("a cat {n:2}"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(json_of(reply)["data"].size(), 2u);
  EXPECT_NE(reply.header("x-gembal-attempts"), "");
}

TEST(ImageCallsTest, WhatWasMadeIsGivenAlsoWhenSomethingFailed) {
  std::atomic<int> calls = 0;
  FakeUpstream upstream(
      [&](Call& call) { call.reply(200, ++calls == 1 ? png_reply() : finish_reply("NO_IMAGE")); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto reply = daemon.post(kGenerations, ask_for("a cat", R"(,"n":2)"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(json_of(reply)["data"].size(), 1u);
  EXPECT_NE(string_in(json_of(reply), "warning").find("1 of 2 pictures could not be made"),
            std::string::npos)
      << reply.body;
  EXPECT_EQ(calls, 3);  // one that made nothing is made once more
}

TEST(ImageCallsTest, AStreamThatBreaksOffEndsWithAnError) {
  FakeUpstream upstream([](Call& call) {
    call.begin_stream();
    call.chunk(
        R"(data: {"candidates":[{"content":{"parts":[{"thought":true,"inlineData":{"mimeType":"image/png","data":"QUJD"}}]}}]})"
        "\r\n\r\n");
    call.cut();
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto reply =
      daemon.post(kGenerations, ask_for("a cat", R"(,"stream":true,"partial_images":1)"));
  EXPECT_EQ(reply.status(), 200);
  const auto events = events_of(reply.body);
  ASSERT_EQ(events.size(), 2u) << reply.body;
  EXPECT_EQ(events[0].first, "image_generation.partial_image");
  EXPECT_TRUE(events[1].second.contains("error")) << reply.body;
}

TEST(ImageCallsTest, TheClientLeavingEndsEveryCall) {
  std::atomic<int> left = 0;
  std::atomic<int> arrived = 0;
  Gate all_there;
  FakeUpstream upstream([&](Call& call) {
    if (++arrived == 2) all_there.open();
    if (call.caller_leaves()) ++left;
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one", "key-two"});
  {
    auto socket = Socket::connect(daemon.port());
    socket.send(
        http_request("POST", kGenerations, ask_for("a cat {n:2}"), {"x-goog-api-key: sk-test"}));
    ASSERT_TRUE(all_there.wait());
  }
  EXPECT_TRUE(eventually([&] { return left == 2; }));
}

TEST(ImageCallsTest, PicturesOfMegabytesPass) {
  std::string bytes = tiny_png();
  bytes.resize(20 << 20, 'x');
  FakeUpstream upstream([&](Call& call) { call.reply(200, png_reply(bytes)); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  const auto inline_reply =
      daemon.post(kGenerations, ask_for("a cat", R"(,"response_format":"b64_json")"));
  ASSERT_EQ(inline_reply.status(), 200) << inline_reply.body.substr(0, 500);
  EXPECT_EQ(base64_decode(string_in(json_of(inline_reply)["data"][0], "b64_json")), bytes);
  const auto url_reply = daemon.post(kGenerations, ask_for("a cat"));
  ASSERT_EQ(url_reply.status(), 200) << url_reply.body.substr(0, 500);
  const auto url = std::string(string_in(json_of(url_reply)["data"][0], "url"));
  EXPECT_EQ(ask(daemon.port(), http_request("GET", path_of(url), "")).body, bytes);
  const auto edited = daemon.post(kEdits, form({{"prompt", "x"}}, {{"image", bytes}}), kForm);
  ASSERT_EQ(edited.status(), 200) << edited.body.substr(0, 500);
  EXPECT_NE(upstream.last().body.find(base64_encode(bytes)), std::string::npos);
}

TEST(ImageShelfTest, PicturesOutliveARestartAndThenExpire) {
  FakeUpstream upstream([](Call& call) { call.reply(200, png_reply()); });
  TempDir home;
  std::string path;
  {
    Daemon daemon(home, upstream.base_url(), {"key-one"});
    const auto reply = daemon.post(kGenerations, ask_for("a cat"));
    ASSERT_EQ(reply.status(), 200) << reply.body;
    path = path_of(std::string(string_in(json_of(reply)["data"][0], "url")));
    EXPECT_EQ(daemon.stop(), 0);
  }
  {
    Daemon daemon(home, upstream.base_url(), {});
    EXPECT_EQ(ask(daemon.port(), http_request("GET", path, "")).body, tiny_png());
    EXPECT_EQ(daemon.stop(), 0);
  }
  Daemon daemon(home, upstream.base_url(), {}, "[images]\nkeep = \"1ms\"\n");
  EXPECT_EQ(ask(daemon.port(), http_request("GET", path, "")).status(), 404);
}

TEST(ImageShelfTest, WhatDoesNotFitIsSentItself) {
  FakeUpstream upstream([](Call& call) { call.reply(200, png_reply()); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[images]\nkeep_bytes = \"10\"\n");
  const auto reply = daemon.post(kGenerations, ask_for("a cat"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(base64_decode(string_in(json_of(reply)["data"][0], "b64_json")), tiny_png());
  EXPECT_NE(string_in(json_of(reply), "warning"), "");
}

class ImageHostsTest : public ::testing::Test {
 protected:
  std::string toml(const std::string& which) const {
    return "[images]\nupload = \"" + which + "\"\nsmms_url = \"" + hosts_.smms_url() +
           "\"\nsmms_token = \"" + PictureHosts::kSmMsToken + "\"\npicgo_url = \"" +
           hosts_.picgo_url() + "\"\npicgo_api_key = \"" + PictureHosts::kPicGoKey +
           "\"\ncloudflare_imgbed_url = \"" + hosts_.imgbed_url() +
           "\"\ncloudflare_imgbed_auth_code = \"" + PictureHosts::kImgBedCode +
           "\"\noss_endpoint = \"" + hosts_.oss_endpoint() + "\"\noss_access_key = \"" +
           PictureHosts::kOssId + "\"\noss_access_key_secret = \"" + PictureHosts::kOssSecret +
           "\"\noss_bucket = \"" + PictureHosts::kOssBucket + "\"\noss_region = \"" +
           PictureHosts::kOssRegion + "\"\n";
  }

  FakeUpstream upstream_{[](Call& call) { call.reply(200, png_reply()); }};
  PictureHosts hosts_;
};

TEST_F(ImageHostsTest, EachHostGivesTheAddress) {
  for (const std::string which : {"smms", "picgo", "cloudflare_imgbed", "aliyun_oss"}) {
    SCOPED_TRACE(which);
    TempDir home;
    Daemon daemon(home, upstream_.base_url(), {"key-one"}, toml(which));
    const auto reply = daemon.post(kGenerations, ask_for("a cat"));
    ASSERT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(json_of(reply)["data"][0]["url"], hosts_.stored().back().address) << reply.body;
    EXPECT_EQ(hosts_.stored().back().bytes, tiny_png());
  }
}

TEST_F(ImageHostsTest, AHostThatFailsCostsTheAddressAlone) {
  hosts_.break_down();
  std::size_t asked = 0;
  for (const std::string which : {"smms", "picgo", "cloudflare_imgbed", "aliyun_oss"}) {
    SCOPED_TRACE(which);
    TempDir home;
    Daemon daemon(home, upstream_.base_url(), {"key-one"}, toml(which));
    const auto reply = daemon.post(kGenerations, ask_for("a cat"));
    ASSERT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(base64_decode(string_in(json_of(reply)["data"][0], "b64_json")), tiny_png());
    EXPECT_NE(string_in(json_of(reply), "warning").find("it answered 500"), std::string::npos)
        << reply.body;
    EXPECT_TRUE(daemon.process().says("the picture host"));
    for (const auto* secret : {PictureHosts::kSmMsToken, PictureHosts::kPicGoKey,
                               PictureHosts::kImgBedCode, PictureHosts::kOssSecret})
      EXPECT_EQ(daemon.process().err().find(secret), std::string::npos);
    EXPECT_EQ(upstream_.log().size(), ++asked);
    const auto keys = run(home, {"keys", "list", "--json"});
    EXPECT_EQ((*parse_json(keys.out))["keys"][0]["failures"], 0) << keys.out;
  }
}

TEST_F(ImageHostsTest, NoneSendsThePicturesThemselves) {
  TempDir home;
  Daemon daemon(home, upstream_.base_url(), {"key-one"}, toml("none"));
  const auto reply = daemon.post(kGenerations, ask_for("a cat"));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(base64_decode(string_in(json_of(reply)["data"][0], "b64_json")), tiny_png());
  EXPECT_TRUE(hosts_.stored().empty());
}

}  // namespace
}  // namespace gembal::testing
