// What comes with a request of the OpenAI API: links, inline files, schemas, and signatures that a
// client has dropped.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr auto kPath = "/v1/chat/completions";
constexpr auto kModel = "gemini-3.5-flash";
const std::string kPng = "\x89PNG\r\n\x1a\n and so on";

Json chat(Json messages) { return {{"model", kModel}, {"messages", std::move(messages)}}; }

Json with_parts(Json parts) {
  return chat(Json::array({{{"role", "user"}, {"content", std::move(parts)}}}));
}

Json image(const std::string& url) {
  return {{"type", "image_url"}, {"image_url", {{"url", url}}}};
}

Message ask(Daemon& daemon, const Json& request) { return daemon.post(kPath, to_text(request)); }

/// The error's parameter and message; "" when it is no error of the caller's.
std::pair<std::string, std::string> mistake(const Message& reply) {
  const auto body = parse_json(reply.body);
  if (reply.status() != 400 || !body) return {};
  const Json& error = (*body)["error"];
  EXPECT_EQ(error["type"], "invalid_request_error");
  return {std::string(string_in(error, "param")), std::string(string_in(error, "message"))};
}

class LinksTest : public ::testing::Test {
 protected:
  std::string link(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(pictures_.port()) + path;
  }
  std::string settings(const std::string& more = "") const {
    return "[downloads]\nprivate_hosts = [\"127.0.0.1:" + std::to_string(pictures_.port()) +
           "\"]\n" + more;
  }
  Json sent() const { return *parse_json(upstream_.last().body); }

  std::atomic<bool> left_{false};
  Gate asked_;
  FakeUpstream pictures_{[this](Call& call) {
    const auto path = call.path();
    if (path == "/a.png") return call.reply(200, kPng, "image/png");
    if (path == "/wrong") return call.reply(200, kPng, "text/html");
    if (path == "/moved") return call.reply(302, "", "text/html", {"location: /a.png"});
    if (path == "/within")
      return call.reply(302, "", "text/html", {"location: http://169.254.169.254/latest"});
    if (path == "/page") return call.reply(200, "<html>the secret</html>", "text/html");
    if (path == "/missing") return call.reply(404, "the secret");
    if (path == "/large") return call.reply(200, kPng + std::string(3'000, 'x'), "image/png");
    asked_.open();
    left_ = call.caller_leaves();
    call.cut();
  }};
  FakeUpstream upstream_{[](Call& call) { call.reply(200, kAnswer); }};
  TempDir home_;
};

TEST_F(LinksTest, WhatARequestLinksToIsSentAlong) {
  Daemon daemon(home_, upstream_.base_url(), {"key-one"}, settings());
  const auto reply = ask(daemon, with_parts(Json::array({{{"type", "text"}, {"text", "Which?"}},
                                                         image(link("/a.png")),
                                                         image(link("/wrong")),
                                                         image(link("/moved")),
                                                         image(link("/a.png")),
                                                         image("gs://bucket/b.png"),
                                                         image("https://youtu.be/x")})));
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const Json request = sent();
  const Json& parts = request["contents"][0]["parts"];
  ASSERT_EQ(parts.size(), 7u);
  const Json inlined = {{"mimeType", "image/png"}, {"data", base64_encode(kPng)}};
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(parts[i]["inlineData"], inlined) << i;
  EXPECT_EQ(parts[5]["fileData"]["fileUri"], "gs://bucket/b.png");
  EXPECT_EQ(parts[6]["fileData"]["fileUri"], "https://youtu.be/x");
  EXPECT_EQ(pictures_.log().size(), 4u) << "what is named twice is fetched once";
}

TEST_F(LinksTest, WhatCannotBeFetchedIsTheCallersMistake) {
  Daemon daemon(home_, upstream_.base_url(), {"key-one"},
                settings("max_size = \"2KiB\"\ntimeout = \"500ms\"\n"));
  const struct {
    const char* name;
    std::string url;
    const char* reason;
  } cases[] = {
      {"a host that is not named", link("/a.png", "localhost"), "its host has no public address"},
      {"a private address", "http://10.0.0.1/a.png", "its host has no public address"},
      {"a cloud's metadata", "http://169.254.169.254/latest", "its host has no public address"},
      {"a redirect to it", link("/within"), "its host has no public address"},
      {"a page", link("/page"), "it is no image"},
      {"nothing there", link("/missing"), "its host answered with status 404"},
      {"too large", link("/large"), "it is larger than 2048 bytes"},
      {"too slow", link("/slow"), "it took too long"},
      {"a user's name in it", "http://user:word@example.com/", "it is no http(s) link"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto [param, message] = mistake(ask(daemon, with_parts(Json::array({image(c.url)}))));
    EXPECT_EQ(param, "messages[0].content[0].image_url.url");
    EXPECT_NE(message.find(c.reason), std::string::npos) << message;
    EXPECT_TRUE(message.starts_with("the image at ")) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos);
    EXPECT_EQ(message.find("word"), std::string::npos);
  }
  EXPECT_TRUE(upstream_.log().empty());
}

TEST_F(LinksTest, AClientThatLeavesEndsTheFetching) {
  Daemon daemon(home_, upstream_.base_url(), {"key-one"}, settings());
  const auto body = to_text(with_parts(Json::array({image(link("/slow"))})));
  {
    auto client = Socket::connect(daemon.port());
    ASSERT_TRUE(client.send("POST " + std::string(kPath) +
                            " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-test\r\n"
                            "Content-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body));
    ASSERT_TRUE(asked_.wait());
  }
  EXPECT_TRUE(eventually([this] { return left_.load(); }));
  EXPECT_EQ(daemon.stop(), 0);
  EXPECT_TRUE(upstream_.log().empty());
}

TEST_F(LinksTest, LinksMayBeLeftToTheModel) {
  Daemon daemon(home_, upstream_.base_url(), {"key-one"}, "[downloads]\nenabled = false\n");
  EXPECT_EQ(ask(daemon, with_parts(Json::array({image(link("/a.png"))}))).status(), 200);
  EXPECT_EQ(sent()["contents"][0]["parts"][0]["fileData"]["fileUri"], link("/a.png"));
  EXPECT_TRUE(pictures_.log().empty());
}

TEST(InputsTest, WhatIsWrongIsSaidAtItsPlace) {
  FakeUpstream upstream([](Call& call) { call.reply(200, kAnswer); });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  auto no_image = with_parts(Json::array({image("data:image/png;base64,aGVsbG8=")}));
  auto no_base64 = with_parts(Json::array({image("data:image/png;base64,*")}));
  auto no_schema = chat(Json::array({{{"role", "user"}, {"content", "Hi"}}}));
  no_schema["tools"] = Json::array(
      {{{"type", "function"},
        {"function",
         {{"name", "f"}, {"parameters", {{"properties", {{"a", {{"$ref", "#/$defs/A"}}}}}}}}}}});
  auto large = chat(Json::array({{{"role", "user"}, {"content", "Hi"}}}));
  Json properties = Json::object();
  for (int i = 0; i < 1'000; ++i)
    properties["property_" + std::to_string(i)] = {{"type", "string"},
                                                   {"description", std::string(60, 'x')}};
  for (int i = 0; i < 100; ++i) {
    large["tools"].push_back(
        {{"type", "function"},
         {"function",
          {{"name", "f" + std::to_string(i)},
           {"parameters", {{"type", "object"}, {"properties", properties}}}}}});
  }
  const struct {
    const char* name;
    const Json* request;
    const char* param;
    const char* message;
  } cases[] = {
      {"an image that is none", &no_image, "messages[0].content[0].image_url", "it is no image"},
      {"no base64", &no_base64, "messages[0].content[0].image_url", "is not valid base64"},
      {"a reference to nothing", &no_schema, "tools[0].function.parameters", "'#/$defs/A'"},
      {"ten megabytes of tools", &large, "tools[50].function.parameters", "too large"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto [param, message] = mistake(ask(daemon, *c.request));
    EXPECT_EQ(param, c.param);
    EXPECT_NE(message.find(c.message), std::string::npos) << message;
  }
  EXPECT_TRUE(upstream.log().empty());
}

class SignaturesTest : public ::testing::Test {
 protected:
  /// The second turn of a conversation with a tool, by a client that keeps only what it knows.
  static Json second_turn() {
    return chat(
        Json::array({{{"role", "user"}, {"content", "Weather?"}},
                     {{"role", "assistant"},
                      {"content", nullptr},
                      {"tool_calls",
                       Json::array({{{"id", "call-7"},
                                     {"type", "function"},
                                     {"function", {{"name", "weather"}, {"arguments", "{}"}}}}})}},
                     {{"role", "tool"}, {"tool_call_id", "call-7"}, {"content", "rain"}}}));
  }
  std::string signature_sent(Daemon& daemon) {
    EXPECT_EQ(ask(daemon, second_turn()).status(), 200);
    const auto request = parse_json(upstream_.last().body);
    return request
               ? std::string(string_in((*request)["contents"][1]["parts"][0], "thoughtSignature"))
               : "";
  }
  void first_turn(Daemon& daemon) {
    const auto reply =
        ask(daemon, chat(Json::array({{{"role", "user"}, {"content", "Weather?"}}})));
    ASSERT_EQ(reply.status(), 200) << reply.body;
    ASSERT_NE(reply.body.find("call-7"), std::string::npos) << reply.body;
  }

  FakeUpstream upstream_{[](Call& call) {
    if (call.request.body.find("functionResponse") != std::string::npos)
      return call.reply(200, kAnswer);
    call.reply(
        200,
        R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"weather","args":{},"id":"call-7"},"thoughtSignature":"c2lnbmVk"}]},"finishReason":"STOP"}]})");
  }};
  TempDir home_;
};

TEST_F(SignaturesTest, ComeBackThoughTheClientDropsThem) {
  Daemon daemon(home_, upstream_.base_url(), {"key-one"});
  EXPECT_EQ(signature_sent(daemon), "skip_thought_signature_validator") << "nobody knows it";
  first_turn(daemon);
  EXPECT_EQ(signature_sent(daemon), "c2lnbmVk");
}

TEST_F(SignaturesTest, AreKnownToOtherDaemonsAndAfterACrash) {
  Daemon other(home_, upstream_.base_url(), {"key-one"});
  auto daemon = std::make_unique<Daemon>(home_, upstream_.base_url(), std::vector<std::string>{});
  first_turn(*daemon);
  EXPECT_TRUE(eventually([&] { return signature_sent(other) == "c2lnbmVk"; }));
  EXPECT_EQ(daemon->stop(), 0);
  Daemon again(home_, upstream_.base_url(), {});
  EXPECT_EQ(signature_sent(again), "c2lnbmVk");
}

}  // namespace
}  // namespace gembal::testing
