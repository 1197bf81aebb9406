#include "daemon/object_owners.hpp"

#include <gtest/gtest.h>

#include "daemon/routes_lists.hpp"
#include "tests/support/recording.hpp"

namespace gembal::daemon {
namespace {

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");

TEST(ObjectOwnersTest, FindsTheObjectOfAPath) {
  const struct {
    const char* path;
    const char* object;
  } cases[] = {
      {"/files/abc", "files/abc"},
      {"/files/abc:download", "files/abc"},
      {"/download/v1beta/files/abc:download", "files/abc"},
      {"/files", ""},
      {"/files/", ""},
      {"/cachedContents/x", "cachedContents/x"},
      {"/batches/x:cancel", "batches/x"},
      {"/models/veo-3/operations/y", "models/veo-3/operations/y"},
      {"/models/veo-3", ""},
      {"/models/veo-3:predictLongRunning", ""},
      {"/interactions/v1_abc", "interactions/v1_abc"},
      {"/interactions/v1_abc/cancel", "interactions/v1_abc"},
      {"/fileSearchStores/s/documents/d", "fileSearchStores/s"},
      {"/fileSearchStores/s:importFile", "fileSearchStores/s"},
      {"/fileSearchStores/s/operations/o", "fileSearchStores/s"},
      {"/upload/v1beta/fileSearchStores/s:uploadToFileSearchStore", "fileSearchStores/s"},
      {"/upload/v1beta/files", ""},
      {"/files/a%2Db", "files/a-b"},
      {"", ""},
      {"/", ""},
      {"//", ""},
      {"/unknown/x", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(object_of_path(c.path), c.object) << c.path;
}

TEST(ObjectOwnersTest, FindsTheObjectOfAPathOfTheOpenaiSurface) {
  const struct {
    const char* path;
    const char* object;
  } cases[] = {
      {"/openai/files/abc", "files/abc"},
      {"/openai/files/abc/content", "files/abc"},
      {"/openai/batches/batches/x", "batches/x"},
      {"/openai/batches/batches%2Fx", "batches/x"},
      {"/openai/batches/batches/x/cancel", "batches/x"},
      {"/openai/videos/abc/content", "videos/abc"},
      {"/openai/batches", ""},
      {"/openai/batches/", ""},
      {"/openai/models/gemini", ""},
      {"/openai/chat/completions", ""},
      {"/openai", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(object_of_openai_path(c.path), c.object) << c.path;
}

TEST(ObjectOwnersTest, KnowsWhatMakesAnObject) {
  const struct {
    const char* method;
    const char* path;
    bool makes;
  } cases[] = {
      {"POST", "/cachedContents", true},
      {"POST", "/fileSearchStores", true},
      {"POST", "/interactions", true},
      {"POST", "/models/m:batchGenerateContent", true},
      {"POST", "/models/m:asyncBatchEmbedContent", true},
      {"POST", "/models/m:predictLongRunning", true},
      {"POST", "/fileSearchStores/s:importFile", true},
      {"POST", "/models/m:generateContent", false},
      {"GET", "/cachedContents", false},
      {"POST", "/batches/x:cancel", false},
      {"PATCH", "/cachedContents/x", false},
      {"POST", "", false},
      {"POST", "/", false},
  };
  for (const auto& c : cases) EXPECT_EQ(makes_object(c.method, c.path), c.makes) << c.path;
}

TEST(ObjectOwnersTest, ReadsTheObjectsOfAReply) {
  const struct {
    const char* name;
    const char* body;
    std::vector<std::string> objects;
  } cases[] = {
      {"a file", R"({"file":{"name":"files/a","uri":"https://h/v1beta/files/a"}})", {"files/a"}},
      {"a cache", R"({"name":"cachedContents/c","model":"models/m"})", {"cachedContents/c"}},
      {"an operation", R"({"name":"models/m/operations/o"})", {"models/m/operations/o"}},
      {"the files of a finished one",
       R"({"name":"models/m/operations/o","done":true,"response":{"generateVideoResponse":{"generatedSamples":[{"video":{"uri":"https://h/v1beta/files/v:download?alt=media"}}]}}})",
       {"models/m/operations/o", "files/v"}},
      {"the file of a batch's result",
       R"({"name":"batches/b","response":{"responsesFile":"files/batch-b"}})",
       {"batches/b", "files/batch-b"}},
      {"an interaction",
       R"({"id":"v1_x","object":"interaction","steps":[]})",
       {"interactions/v1_x"}},
      {"a model is none", R"({"name":"models/gemini"})", {}},
      {"nor is an answer", R"({"candidates":[{"content":{"parts":[{"text":"files/a"}]}}]})", {}},
      {"an error", R"({"error":{"code":400}})", {}},
      {"no JSON", "<html>", {}},
      {"an array", "[1]", {}},
      {"a name of another type", R"({"name":7,"file":[]})", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> names;
    for (const auto& made : objects_in_reply(c.body, kNow)) names.push_back(made.name);
    EXPECT_EQ(names, c.objects);
  }
}

TEST(ObjectOwnersTest, AnObjectLivesAsLongAsItsReplySaysOrItsKindDoes) {
  const auto expiry = [](const std::string& body) {
    return objects_in_reply(body, kNow)[0].expires;
  };
  EXPECT_EQ(expiry(R"({"name":"files/a","expirationTime":"2026-11-26T01:02:03Z"})"),
            *parse_iso8601("2026-11-26T01:02:03Z"));
  EXPECT_EQ(expiry(R"({"name":"cachedContents/a","expireTime":"2026-11-24T20:05:00Z"})"),
            *parse_iso8601("2026-11-24T20:05:00Z"));
  EXPECT_EQ(expiry(R"({"name":"files/a"})"), kNow + std::chrono::hours{48});
  EXPECT_GT(expiry(R"({"name":"fileSearchStores/a"})"), kNow + std::chrono::hours{24 * 365});
}

TEST(ObjectOwnersTest, FindsTheInteractionAStreamBeginsWithInAnyCut) {
  const std::string events =
      "event: interaction.created\ndata: {\"interaction\":{\"id\":\"v1_x\"}}\n\nevent: step.start\n"
      "data: {}\n\n";
  std::size_t found_at = 0;
  for (std::size_t size = 0; size <= events.size() && found_at == 0; ++size) {
    const auto made = interaction_in_events(events.substr(0, size), kNow);
    if (!made) continue;
    EXPECT_EQ(made->name, "interactions/v1_x");
    found_at = size;
  }
  EXPECT_EQ(found_at, events.find("\n\n") + 2) << "as soon as its event is whole";
}

TEST(ObjectOwnersTest, EveryRecordedObjectIsFound) {
  std::size_t found = 0;
  for (const auto* kind : {"upload.files", "cachedContents", "batches", "interactions",
                           "predictLongRunning", "models.operations", "batchGenerateContent"}) {
    for (const auto& recording : testing::recordings(kind)) {
      if (recording.status != 200 || recording.streamed || recording.method == "DELETE") continue;
      const auto has = [&](const char* member) {
        return recording.body.find(member) != std::string::npos;
      };
      if (!has("\"name\"") && !has("\"id\"")) continue;
      SCOPED_TRACE(recording.name);
      EXPECT_FALSE(objects_in_reply(recording.body, kNow).empty()) << recording.body.substr(0, 300);
      ++found;
    }
  }
  if (!testing::recordings().empty()) EXPECT_GT(found, 5u);
}

TEST(ObjectOwnersTest, ForgetsWhatIsGone) {
  ObjectOwners owners;
  owners.learn({{"files/a", "key", "", "", kNow + std::chrono::hours{1}}}, kNow);
  EXPECT_EQ(owners.find("files/a", kNow)->key_id, "key");
  EXPECT_FALSE(owners.find("files/a", kNow + std::chrono::hours{1}));
  owners.learn({{"files/a", "key", "", "", kNow}}, kNow);
  EXPECT_FALSE(owners.find("files/a", kNow));
  EXPECT_EQ(owners.size(), 0u);
  owners.learn({{"files/a", "key", "", "", kNow + std::chrono::hours{1}},
                {"files/b", "key", "", "", kNow + std::chrono::hours{3}}},
               kNow);
  owners.forget_old(kNow + std::chrono::hours{2});
  EXPECT_EQ(owners.size(), 1u) << "nobody asks for most of what expires";
}

TEST(ListPlaceTest, GoesThroughItsToken) {
  const ListPlace place{"abcdef012345", "up+stream/token==", 7};
  const auto token = to_page_token(place);
  EXPECT_EQ(token.find_first_of("+/"), std::string::npos) << "it stands in a query";
  const auto back = parse_page_token(token);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->key_id, place.key_id);
  EXPECT_EQ(back->token, place.token);
  EXPECT_EQ(back->skip, place.skip);
  for (const char* none : {"", "nonsense", "e30=", "W10=", "%%%", "eyJrZXkiOiIiLCJza2lwIjoxfQ=="})
    EXPECT_FALSE(parse_page_token(none)) << none;
}

TEST(ObjectOwnersTest, FindsWhatRepliesOfTheOpenAiSurfaceMade) {
  const struct {
    const char* name;
    const char* body;
    std::vector<std::string> names;
  } cases[] = {
      {"a file", R"({"id":"abc","object":"file"})", {"files/abc"}},
      {"a batch, with its collection",
       R"({"id":"batches/x","object":"batch","output_file_id":null})",
       {"batches/x"}},
      {"a batch that is done",
       R"({"id":"batches/x","object":"batch","output_file_id":"files/batch-x","error_file_id":"e"})",
       {"batches/x", "files/batch-x", "files/e"}},
      {"a video", R"({"id":"v","object":"video"})", {"videos/v"}},
      {"a list", R"({"object":"list","data":[]})", {}},
      {"a chat", R"({"id":"chatcmpl-1","object":"chat.completion"})", {}},
      {"no JSON", "<html>", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> names;
    for (const auto& made : objects_in_openai_reply(c.body, kNow)) {
      names.push_back(made.name);
      EXPECT_GT(made.expires, kNow);
    }
    EXPECT_EQ(names, c.names);
  }
}

}  // namespace
}  // namespace gembal::daemon
