// What lives on the server belongs to the key that made it: files, caches, batches, operations,
// interactions and file search stores through the running binary, against the sandbox.

#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::vector<std::string> kKeys = {"key-one", "key-two", "key-three", "key-four"};

std::string id_of(const std::string& key) { return Secret(key).id(); }

Json json_of(const Message& message) {
  auto json = parse_json(message.body);
  EXPECT_TRUE(json) << message.start << "\n" << message.body;
  return json ? *std::move(json) : Json();
}

/// The path and query of an absolute URL at 127.0.0.1.
std::string local_path(const std::string& url) {
  const auto at = url.find('/', url.find("://") + 3);
  return at == std::string::npos ? "" : url.substr(at);
}

std::string text_request(const std::string& member, const std::string& json) {
  return R"({"contents":[{"parts":[{"text":"hi"},{")" + member + "\":" + json + "}]}]}";
}

class ObjectsTest : public ::testing::Test {
 protected:
  ObjectsTest() : sandbox_(home_) { start(); }

  void start(const std::string& toml = "") {
    daemon_ = std::make_unique<Daemon>(home_, sandbox_.base_url(),
                                       started_ ? std::vector<std::string>{} : kKeys, toml);
    started_ = true;
  }
  void kill_and_start() {
    daemon_->process().signal(SIGKILL);
    EXPECT_EQ(daemon_->process().wait(), 128 + SIGKILL);
    daemon_.reset();
    start();
  }

  /// Begins a resumable upload; the path of its session at the daemon.
  std::string begin_upload(const std::string& path = "/upload/v1beta/files") {
    const auto reply = daemon_->post(
        path, R"({"file":{"displayName":"a.txt"}})",
        {"x-goog-upload-protocol: resumable", "x-goog-upload-command: start",
         "x-goog-upload-header-content-type: text/plain", "content-type: application/json"});
    EXPECT_EQ(reply.status(), 200) << reply.body;
    const auto url = reply.header("x-goog-upload-url");
    EXPECT_EQ(url, reply.header("x-goog-upload-control-url"));
    EXPECT_TRUE(url.starts_with("http://gembal.test/upload/v1beta/files?upload_id=gembal-"))
        << "the session's address is at the host that the client asked: " << url;
    last_key_ = reply.header("x-gembal-key");
    return local_path(url);
  }
  /// Without a token: the session's address is one.
  Message send_piece(const std::string& session, const std::string& bytes, std::size_t offset,
                     const std::string& command) {
    return ask(daemon_->port(), http_request("POST", session, bytes,
                                             {"x-goog-upload-command: " + command,
                                              "x-goog-upload-offset: " + std::to_string(offset)}));
  }
  Json upload(const std::string& bytes) {
    const auto reply = send_piece(begin_upload(), bytes, 0, "upload, finalize");
    EXPECT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(reply.header("x-goog-upload-status"), "final");
    return json_of(reply)["file"];
  }

  TempDir home_;
  SandboxProcess sandbox_;
  bool started_ = false;
  std::unique_ptr<Daemon> daemon_;
  std::string last_key_;
};

TEST_F(ObjectsTest, AFileIsUsedReadAndDeletedWithTheKeyThatUploadedItAlsoAfterAKill) {
  const auto file = upload("some text");
  const std::string path = "/v1beta/" + file["name"].get<std::string>();
  const auto owner = last_key_;
  const auto quote = text_request("fileData", R"({"mimeType":"text/plain","fileUri":")" +
                                                  file["uri"].get<std::string>() + "\"}");
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round == 0 ? "before the kill" : "after it");
    for (int i = 0; i < 5; ++i) {
      const auto got = daemon_->get(path);
      EXPECT_EQ(got.status(), 200) << got.body;
      EXPECT_EQ(got.header("x-gembal-key"), owner);
      const auto used = daemon_->post(kGenerate, quote);
      EXPECT_EQ(used.status(), 200) << used.body;
      EXPECT_EQ(used.header("x-gembal-key"), owner);
    }
    if (round == 0) kill_and_start();
  }
  EXPECT_EQ(daemon_->send("DELETE", path).status(), 200);
  EXPECT_GE(daemon_->get(path).status(), 400);
}

TEST_F(ObjectsTest, AnUploadGoesOnAfterAKill) {
  const auto session = begin_upload();
  EXPECT_EQ(send_piece(session, std::string(8 << 20, 'a'), 0, "upload").status(), 200);
  kill_and_start();
  const auto query = send_piece(session, "", 0, "query");
  EXPECT_EQ(query.header("x-goog-upload-size-received"), std::to_string(8 << 20)) << query.body;
  const auto end = send_piece(session, "the end", 8 << 20, "upload, finalize");
  EXPECT_EQ(end.status(), 200) << end.body;
  EXPECT_EQ(json_of(end)["file"]["sizeBytes"], std::to_string((8 << 20) + 7));
  EXPECT_EQ(send_piece(session, "", 0, "query").status(), 404) << "it has ended";
}

TEST_F(ObjectsTest, ASessionThatNobodyBeganIsRefusedClearly) {
  const auto reply = send_piece("/upload/v1beta/files?upload_id=gembal-guessed", "x", 0, "upload");
  EXPECT_EQ(reply.status(), 404);
  EXPECT_NE(reply.body.find("start the upload again"), std::string::npos);
  const auto without_token =
      ask(daemon_->port(),
          http_request("POST", "/upload/v1beta/files", "{}",
                       {"x-goog-upload-protocol: resumable", "x-goog-upload-command: start"}));
  EXPECT_EQ(without_token.status(), 401);
}

TEST_F(ObjectsTest, CachesBatchesOperationsAndStoresGoToTheKeyThatMadeThem) {
  const struct {
    const char* name;
    std::string path;
    std::string body;
    std::string member;  // of the reply that has the object's name
  } cases[] = {
      {"a cache", "/v1beta/cachedContents",
       R"({"model":"models/gemini-2.5-flash","ttl":"300s","contents":[{"role":"user","parts":[{"text":")" +
           std::string(8'000, 'a') + R"("}]}]})",
       "name"},
      {"a batch", "/v1beta/models/gemini-2.5-flash:batchGenerateContent",
       R"({"batch":{"displayName":"b","inputConfig":{"requests":{"requests":[{"request":{"contents":[{"parts":[{"text":"hi"}]}]},"metadata":{"key":"1"}}]}}}})",
       "name"},
      {"an operation", "/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
       R"({"instances":[{"prompt":"a cat"}]})", "name"},
      {"a file search store", "/v1beta/fileSearchStores", R"({"displayName":"s"})", "name"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto made = daemon_->post(c.path, c.body);
    ASSERT_EQ(made.status(), 200) << made.body;
    const auto name = json_of(made)[c.member].get<std::string>();
    for (int i = 0; i < 5; ++i) {
      const auto got = daemon_->get("/v1beta/" + name);
      EXPECT_EQ(got.status(), 200) << got.body;
      EXPECT_EQ(got.header("x-gembal-key"), made.header("x-gembal-key"));
    }
  }
}

TEST_F(ObjectsTest, AVideoIsDownloadedWithTheKeyThatMadeIt) {
  const auto made = daemon_->post("/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
                                  R"({"instances":[{"prompt":"a cat"}]})");
  ASSERT_EQ(made.status(), 200) << made.body;
  const auto path = "/v1beta/" + json_of(made)["name"].get<std::string>();
  Json operation;
  ASSERT_TRUE(eventually([&] {
    operation = json_of(daemon_->get(path));
    return operation.value("done", false);
  }));
  const auto uri =
      operation["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
          .get<std::string>();
  kill_and_start();
  const auto redirect = daemon_->get(local_path(uri));
  EXPECT_EQ(redirect.status(), 302) << redirect.body;
  EXPECT_EQ(redirect.header("x-gembal-key"), made.header("x-gembal-key"));
  EXPECT_TRUE(redirect.header("location").starts_with("/download/v1beta/files/"));
  const auto bytes = daemon_->get(redirect.header("location"));
  EXPECT_EQ(bytes.status(), 200) << bytes.body;
  EXPECT_EQ(bytes.header("x-gembal-key"), made.header("x-gembal-key"));
  EXPECT_NE(bytes.body.find("ftyp"), std::string::npos);
}

TEST_F(ObjectsTest, ACachedContentIsQuotedWithItsKey) {
  const auto made = daemon_->post(
      "/v1beta/cachedContents",
      R"({"model":"models/gemini-2.5-flash","ttl":"300s","contents":[{"role":"user","parts":[{"text":")" +
          std::string(8'000, 'a') + R"("}]}]})");
  const auto name = json_of(made)["name"].get<std::string>();
  for (const auto* member : {"cachedContent", "cached_content"}) {
    for (int i = 0; i < 5; ++i) {
      const auto reply =
          daemon_->post(kGenerate, R"({"contents":[{"parts":[{"text":"hi"}]}],")" +
                                       std::string(member) + R"(":")" + name + "\"}");
      EXPECT_EQ(reply.status(), 200) << reply.body;
      EXPECT_EQ(reply.header("x-gembal-key"), made.header("x-gembal-key"));
    }
  }
}

TEST_F(ObjectsTest, AnInteractionGoesOnWithItsKeyStreamedOrNot) {
  for (const std::string stream : {"false", "true"}) {
    SCOPED_TRACE("stream: " + stream);
    const auto first =
        daemon_->post("/v1beta/interactions",
                      R"({"model":"gemini-2.5-flash","input":"hi","stream":)" + stream + "}");
    ASSERT_EQ(first.status(), 200) << first.body;
    std::string id;
    if (stream == "false") {
      id = json_of(first)["id"].get<std::string>();
    } else {
      const auto at = first.body.find("\"id\":\"");
      ASSERT_NE(at, std::string::npos) << first.body;
      id = first.body.substr(at + 6, first.body.find('"', at + 6) - at - 6);
    }
    for (int i = 0; i < 5; ++i) {
      const auto next = daemon_->post(
          "/v1beta/interactions",
          R"({"model":"gemini-2.5-flash","input":"go on","previous_interaction_id":")" + id +
              "\"}");
      EXPECT_EQ(next.status(), 200) << next.body;
      EXPECT_EQ(next.header("x-gembal-key"), first.header("x-gembal-key"));
      EXPECT_EQ(daemon_->get("/v1beta/interactions/" + id).status(), 200);
    }
  }
}

TEST_F(ObjectsTest, ADisabledOwnerIsAClearErrorAndNotAnotherProjects403) {
  const auto file = upload("some text");
  ASSERT_EQ(run(home_, {"keys", "disable", last_key_}).status, 0);
  ASSERT_TRUE(daemon_->process().says("keys were changed in the store"));
  const auto reply = daemon_->get("/v1beta/" + file["name"].get<std::string>());
  EXPECT_EQ(reply.status(), 503) << reply.body;
  EXPECT_NE(reply.body.find(last_key_), std::string::npos) << reply.body;
  EXPECT_NE(reply.body.find("disabled by hand"), std::string::npos) << reply.body;
}

TEST_F(ObjectsTest, ObjectsOfTwoProjectsInOneRequestAreAClearError) {
  const auto one = upload("one");
  const auto first_key = last_key_;
  auto two = upload("two");
  while (last_key_ == first_key) two = upload("two");
  const auto reply = daemon_->post(kGenerate, R"({"contents":[{"parts":[{"fileData":{"fileUri":")" +
                                                  one["uri"].get<std::string>() +
                                                  R"("}},{"fileData":{"fileUri":")" +
                                                  two["uri"].get<std::string>() + R"("}}]}]})");
  EXPECT_EQ(reply.status(), 400) << reply.body;
  EXPECT_NE(reply.body.find("different projects"), std::string::npos);
}

TEST_F(ObjectsTest, AFileThatNobodyKnowsIsLookedForAndThenRemembered) {
  // Uploaded past the daemon, with a key of its pool.
  const auto start =
      ask(sandbox_.port(),
          http_request(
              "POST", "/upload/v1beta/files", R"({"file":{}})",
              {"x-goog-api-key: key-three", "x-goog-upload-protocol: resumable",
               "x-goog-upload-command: start", "x-goog-upload-header-content-type: text/plain"}));
  const auto end =
      ask(sandbox_.port(),
          http_request("POST", local_path(start.header("x-goog-upload-url")), "text",
                       {"x-goog-upload-command: upload, finalize", "x-goog-upload-offset: 0"}));
  const auto file = json_of(end)["file"];
  const auto got = daemon_->get("/v1beta/" + file["name"].get<std::string>());
  EXPECT_EQ(got.status(), 200) << got.body;
  EXPECT_EQ(got.header("x-gembal-key"), id_of("key-three"));
  const auto again = daemon_->get("/v1beta/" + file["name"].get<std::string>());
  EXPECT_EQ(again.header("x-gembal-attempts"), "") << "the second time it is known whose it is";
  EXPECT_GE(daemon_->get("/v1beta/files/nobodys").status(), 400);
}

TEST_F(ObjectsTest, AListHasTheObjectsOfAllKeysPageByPage) {
  std::set<std::string> made, owners;
  for (int i = 0; i < 11; ++i) {
    made.insert(upload("file " + std::to_string(i))["name"].get<std::string>());
    owners.insert(last_key_);
  }
  ASSERT_EQ(owners.size(), kKeys.size());
  for (const int size : {1, 3, 4, 100}) {
    SCOPED_TRACE(size);
    std::multiset<std::string> listed;
    std::string token;
    for (int page = 0; page < 30; ++page) {
      auto path = "/v1beta/files?pageSize=" + std::to_string(size);
      if (!token.empty()) path += "&pageToken=" + token;
      const auto reply = daemon_->get(path);
      ASSERT_EQ(reply.status(), 200) << reply.body;
      auto json = json_of(reply);
      EXPECT_LE(json["files"].size(), static_cast<std::size_t>(size));
      for (const auto& file : json["files"]) listed.insert(file["name"].get<std::string>());
      token = json.value("nextPageToken", "");
      if (token.empty()) break;
    }
    EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()), made);
    EXPECT_EQ(listed.size(), made.size()) << "each once";
  }
  EXPECT_EQ(daemon_->get("/v1beta/files?pageToken=nonsense").status(), 400);
  EXPECT_EQ(json_of(daemon_->get("/v1beta/cachedContents")), Json::object());
}

}  // namespace
}  // namespace gembal::testing
