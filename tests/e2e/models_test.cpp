// Lists of models: what all of the pool's keys can use, in both dialects.

#include <gtest/gtest.h>

#include <atomic>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

Json parsed(const std::string& text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json();
}

Json list_of(const std::vector<const char*>& ids) {
  Json models = Json::array();
  for (const auto* id : ids)
    models.push_back({{"name", std::string("models/") + id}, {"displayName", id}});
  return {{"models", std::move(models)}};
}

std::string openai_ids(Daemon& daemon, const std::string& path = "/v1/models") {
  const auto reply =
      ask(daemon.port(), http_request("GET", path, "", {"Authorization: Bearer sk-test"}));
  EXPECT_EQ(reply.status(), 200) << reply.body;
  const auto json = parsed(reply.body);
  std::vector<std::string> ids;
  const Json* data = find(json, "data");
  for (std::size_t i = 0; data && i < data->size(); ++i)
    ids.emplace_back(string_in((*data)[i], "id"));
  return join(ids, " ");
}

/// Keys with models of their own; "key-bad" is none.
void answer_by_key(Call& call) {
  if (call.key() == "key-bad")
    return call.reply(
        400,
        R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})");
  if (call.path().find("/models/hidden") != std::string::npos)
    return call.reply(200, R"({"name":"models/hidden","displayName":"Hidden"})");
  if (call.path().find("/models/") != std::string::npos)
    return call.reply(404, R"({"error":{"code":404,"message":"no","status":"NOT_FOUND"}})");
  if (call.key() == "key-two") return call.reply(200, to_text(list_of({"a", "c"})));
  if (call.path().find("pageToken") != std::string::npos)
    return call.reply(200, to_text(list_of({"b"})));
  auto first = list_of({"a", "gemini-pro-vision"});
  first["nextPageToken"] = "more";
  call.reply(200, to_text(first));
}

constexpr auto kRules =
    "[models]\nsearch = [\"a\"]\nthinking = [\"b\"]\naliases = [\"x: a\", \"y-*: b\"]\n";

TEST(ModelsTest, AreThoseOfAllKeysWithTheNamesThatAskForMore) {
  FakeUpstream upstream(answer_by_key);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-bad", "key-one", "key-two"}, kRules);
  const auto ids = openai_ids(daemon);
  EXPECT_TRUE(ids == "a a-search b b-non-thinking c x" || ids == "a a-search c b b-non-thinking x")
      << ids;
  EXPECT_EQ(openai_ids(daemon, "/hf/v1/models"), ids);
  const auto asked = upstream.log().size();
  EXPECT_EQ(asked, 4u) << "two keys, of which one has two pages, and the bad one";
  const auto first = parsed(
      ask(daemon.port(), http_request("GET", "/v1/models", "", {"Authorization: Bearer sk-test"}))
          .body);
  EXPECT_EQ(first["object"], "list");
  EXPECT_EQ(first["data"][0]["object"], "model");
  EXPECT_EQ(first["data"][0]["owned_by"], "google");
  EXPECT_GT(first["data"][0]["created"].get<std::int64_t>(), 0);
  EXPECT_EQ(upstream.log().size(), asked) << "what is known is not asked again";
}

TEST(ModelsTest, NativeListsHavePages) {
  FakeUpstream upstream(answer_by_key);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, kRules);
  for (const std::string base : {"/v1beta/models", "/gemini/v1beta/models", "/v1alpha/models"}) {
    std::string names, token;
    int pages = 0;
    do {
      const auto reply =
          daemon.get(base + "?pageSize=2" + (token.empty() ? "" : "&pageToken=" + token));
      ASSERT_EQ(reply.status(), 200) << reply.body;
      const auto page = parsed(reply.body);
      EXPECT_LE(page["models"].size(), 2u);
      for (const auto& model : page["models"]) names += std::string(string_in(model, "name")) + " ";
      token = string_in(page, "nextPageToken");
    } while (!token.empty() && ++pages < 9);
    EXPECT_EQ(names, "models/a models/a-search models/b models/b-non-thinking models/x ") << base;
  }
  EXPECT_EQ(daemon.get("/v1beta/models?pageToken=x").status(), 400);
}

TEST(ModelsTest, OneIsShownByAnyNameThatCanBeCalled) {
  FakeUpstream upstream(answer_by_key);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, kRules);
  const struct {
    const char* name;
    const char* id;
    int status;
  } cases[] = {
      {"listed", "a", 200},
      {"a twin", "a-search", 200},
      {"a twin that is not listed", "b-search", 200},
      {"with a colon", "b-thinking:low", 200},
      {"an alias", "x", 200},
      {"an alias by a pattern", "y-1", 200},
      {"known to upstream alone", "hidden", 200},
      {"filtered", "gemini-pro-vision", 404},
      {"unknown", "nothing", 404},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto native = daemon.get(std::string("/v1beta/models/") + c.id);
    EXPECT_EQ(native.status(), c.status) << native.body;
    const auto openai = ask(daemon.port(), http_request("GET", std::string("/v1/models/") + c.id,
                                                        "", {"Authorization: Bearer sk-test"}));
    EXPECT_EQ(openai.status(), c.status) << openai.body;
    if (c.status == 200) {
      EXPECT_EQ(parsed(native.body)["name"], std::string("models/") + c.id);
      EXPECT_EQ(parsed(openai.body)["id"], c.id);
    } else {
      EXPECT_EQ(parsed(native.body)["error"]["status"], "NOT_FOUND");
      EXPECT_EQ(parsed(openai.body)["error"]["code"], "model_not_found");
    }
  }
}

TEST(ModelsTest, NewKeysBringTheirModels) {
  FakeUpstream upstream(answer_by_key);
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "");
  EXPECT_EQ(openai_ids(daemon), "a b");
  EXPECT_EQ(run(home, {"keys", "add", "--exact", "key-two"}).status, 0);
  EXPECT_TRUE(eventually([&] {
    const auto ids = openai_ids(daemon);
    return ids == "a b c" || ids == "a c b";
  }));
}

TEST(ModelsTest, ManyWhoWaitAreAnsweredByOneFetch) {
  Gate gate;
  std::atomic<int> asked{0};
  FakeUpstream upstream([&](Call& call) {
    ++asked;
    gate.wait();
    call.reply(200, to_text(list_of({"a"})));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"});
  std::vector<Socket> sockets;
  for (int i = 0; i < 8; ++i) {
    sockets.push_back(Socket::connect(daemon.port()));
    sockets.back().send(http_request("GET", "/v1beta/models", "", {"x-goog-api-key: sk-test"}));
  }
  sockets.pop_back();  // one leaves
  EXPECT_TRUE(eventually([&] { return asked > 0; }));
  gate.open();
  for (auto& socket : sockets) {
    const auto reply = MessageReader(socket).read();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status(), 200);
  }
  EXPECT_EQ(asked, 1);
}

TEST(ModelsTest, WithoutAnyAnswerTheyAreAnErrorAndAskedForAgain) {
  std::atomic<bool> works{false};
  FakeUpstream upstream([&](Call& call) {
    if (!works)
      return call.reply(500, R"({"error":{"code":500,"message":"oops","status":"INTERNAL"}})");
    call.reply(200, to_text(list_of({"a"})));
  });
  TempDir home;
  Daemon daemon(home, upstream.base_url(), {"key-one"}, "[pool]\nmax_retries = 0\n");
  EXPECT_EQ(daemon.get("/v1beta/models").status(), 502);
  works = true;
  EXPECT_EQ(daemon.get("/v1beta/models").status(), 200);
}

}  // namespace
}  // namespace gembal::testing
