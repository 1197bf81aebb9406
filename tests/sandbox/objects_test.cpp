#include "daemon/sandbox/objects.hpp"

#include <gtest/gtest.h>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// Uploads in two pieces and gives the file back.
Json upload(Client& client, const std::string& key = "key-one") {
  const auto start = send(client, "/upload/v1beta/files",
                          {{"x-goog-upload-protocol", "resumable"},
                           {"x-goog-upload-command", "start"},
                           {"x-goog-upload-header-content-type", "text/plain"}},
                          R"({"file":{"display_name":"notes.txt"}})", key);
  EXPECT_EQ(start.status, 200) << body_of(start);
  EXPECT_EQ(header_of(start, "x-goog-upload-status"), "active");
  const std::string url = header_of(start, "x-goog-upload-url");
  EXPECT_TRUE(url.starts_with("http://127.0.0.1:9999/upload/v1beta/files?upload_id=")) << url;
  const std::string session = url.substr(url.find("/upload"));
  EXPECT_EQ(send(client, session,
                 {{"x-goog-upload-command", "upload"}, {"x-goog-upload-offset", "0"}}, "hello ", "")
                .status,
            200);
  EXPECT_EQ(send(client, session,
                 {{"x-goog-upload-command", "upload"}, {"x-goog-upload-offset", "0"}}, "again", "")
                .status,
            400);
  const auto end = send(
      client, session,
      {{"x-goog-upload-command", "upload, finalize"}, {"x-goog-upload-offset", "6"}}, "world", "");
  EXPECT_EQ(end.status, 200) << body_of(end);
  EXPECT_EQ(header_of(end, "x-goog-upload-status"), "final");
  EXPECT_EQ(send(client, session, {{"x-goog-upload-command", "query"}}, "", "").status, 404);
  return json_of(end)["file"];
}

TEST(FilesTest, LiveFromUploadToRemoval) {
  Client client;
  const Json file = upload(client);
  EXPECT_EQ(keys_of(file), (std::vector<std::string>{"name", "displayName", "mimeType", "sizeBytes",
                                                     "createTime", "updateTime", "expirationTime",
                                                     "sha256Hash", "uri", "state", "source"}));
  EXPECT_EQ(file["sizeBytes"], "11");
  EXPECT_EQ(file["mimeType"], "text/plain");
  EXPECT_EQ(file["createTime"], "2026-11-24T20:00:00.000Z");
  const std::string name = file["name"];
  EXPECT_EQ(file["uri"], "http://127.0.0.1:9999/v1beta/" + name);
  EXPECT_EQ(json_of(client.get("/v1beta/" + name)), file);
  EXPECT_EQ(json_of(client.get("/v1beta/files"))["files"].size(), 1u);

  // Another key's project neither sees nor touches it.
  EXPECT_EQ(client.get("/v1beta/" + name, "key-two").status, 403);
  EXPECT_EQ(to_text(json_of(client.get("/v1beta/files", "key-two"))), "{}");

  EXPECT_EQ(client.get("/v1beta/" + name, "key-one", kNoon + hours{49}).status, 403);
  const Json again = upload(client);
  const auto removed = client.api.answer(
      make_request("DELETE", "/v1beta/" + again["name"].get<std::string>()), kNoon);
  EXPECT_EQ(body_of(removed), "{}\n");
  EXPECT_EQ(client.get("/v1beta/" + again["name"].get<std::string>()).status, 403);
}

TEST(FilesTest, ListInPages) {
  Client client;
  for (int i = 0; i < 5; ++i) upload(client);
  const Json first = json_of(client.get("/v1beta/files?pageSize=3"));
  EXPECT_EQ(first["files"].size(), 3u);
  const Json second = json_of(client.get("/v1beta/files?pageSize=3&pageToken=" +
                                         first["nextPageToken"].get<std::string>()));
  EXPECT_EQ(second["files"].size(), 2u);
  EXPECT_EQ(find(second, "nextPageToken"), nullptr);
}

TEST(FilesTest, TakesMultipartUploads) {
  Client client;
  const auto script =
      send(client, "/upload/v1beta/files?uploadType=multipart",
           {{"content-type", "multipart/related; boundary=\"xx\""}},
           "--xx\r\nContent-Type: application/json\r\n\r\n{\"file\":{\"displayName\":\"p\"}}\r\n"
           "--xx\r\nContent-Type: image/png\r\n\r\nBYTES\r\n--xx--\r\n");
  ASSERT_EQ(script.status, 200) << body_of(script);
  EXPECT_EQ(json_of(script)["file"]["mimeType"], "image/png");
  EXPECT_EQ(json_of(script)["file"]["sizeBytes"], "5");
  EXPECT_EQ(send(client, "/upload/v1beta/files?uploadType=multipart", {}, "nothing").status, 400);
}

TEST(FilesTest, LargeOnesAreCountedAndHashedWithoutBeingKept) {
  Received bytes;
  const std::string piece(700'000, 'x');
  bytes.add(piece);
  bytes.add(piece);
  bytes.add(piece);
  EXPECT_EQ(bytes.kept(), std::string(1024 * 1024, 'x'));
  EXPECT_EQ(bytes.size(), 2'100'000u);
  EXPECT_EQ(bytes.sha256_hex(), sha256_hex(piece + piece + piece));
}

TEST(FilesTest, CanBeQuotedByTheirOwnProjectAlone) {
  Client client(R"({"keys":[{"key":"a","project":"p"},{"key":"b","project":"p"},"c"]})");
  const std::string id = uploaded(client, "hello", "a").substr(6);
  const auto quoting = [](const std::string& uri) {
    return R"({"contents":[{"role":"user","parts":[{"text":"What is it?"},{"fileData":{"mimeType":
        "text/plain","fileUri":")" +
           uri + "\"}}]}]}";
  };
  const std::string here = quoting("http://127.0.0.1:9999/v1beta/files/" + id);
  const std::string there = quoting("https://generativelanguage.googleapis.com/v1beta/files/" + id);
  const std::string message =
      "You do not have permission to access the File " + id + " or it may not exist.";
  for (const char* url : {kFlash, kFlashStream, "/v1beta/models/gemini-2.5-flash:countTokens"}) {
    SCOPED_TRACE(url);
    EXPECT_EQ(client.post(url, here, "a").status, 200);
    EXPECT_EQ(client.post(url, there, "b").status, 200);
    const auto refused = client.post(url, there, "c");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(json_of(refused)["error"]["message"], message);
    EXPECT_EQ(json_of(refused)["error"]["status"], "PERMISSION_DENIED");
  }
  EXPECT_EQ(client.post(kFlash, quoting("https://www.youtube.com/watch?v=x"), "c").status, 200);
  EXPECT_EQ(client.get("/v1beta/files/" + id + ":download?alt=media", "c").status, 403);
  EXPECT_EQ(client.get("/v1beta/files/" + id + ":download?alt=media", "a").status, 400)
      << "only files that the server made can be downloaded";
}

TEST(CachesTest, LiveAreUsedAndExpire) {
  Client client;
  const std::string story(8000, 'x');
  const std::string content =
      R"("contents":[{"role":"user","parts":[{"text":")" + story + R"("}]}])";
  const auto made = client.post(
      "/v1beta/cachedContents",
      R"({"model":"models/gemini-2.5-flash","ttl":"300s","displayName":"story",)" + content + "}");
  ASSERT_EQ(made.status, 200) << body_of(made);
  const Json cache = json_of(made);
  EXPECT_EQ(keys_of(cache),
            (std::vector<std::string>{"name", "model", "createTime", "updateTime", "expireTime",
                                      "displayName", "usageMetadata"}));
  EXPECT_EQ(cache["expireTime"], "2026-11-24T20:05:00.000Z");
  EXPECT_EQ(cache["usageMetadata"]["totalTokenCount"], 2000);
  const std::string name = cache["name"];

  const std::string body = ask_with("Go on", "\"cachedContent\":\"" + name + "\"");
  const Json usage = json_of(client.post(kFlash, body))["usageMetadata"];
  EXPECT_EQ(usage["cachedContentTokenCount"], 2000);
  EXPECT_EQ(usage["promptTokenCount"], 2002);
  EXPECT_EQ(client.post(kNew, body).status, 400);
  const auto refused = client.post(kFlash, body, "key-two");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(json_of(refused)["error"]["message"], "CachedContent not found (or permission denied)");
  for (const char* verb : {"GET", "DELETE", "PATCH"}) {
    EXPECT_EQ(client.api.answer(make_request(verb, "/v1beta/" + name, "", "key-two"), kNoon).status,
              403);
  }

  auto patch = make_request("PATCH", "/v1beta/" + name + "?updateMask=ttl", R"({"ttl":"600s"})");
  EXPECT_EQ(json_of(client.api.answer(patch, kNoon))["expireTime"], "2026-11-24T20:10:00.000Z");
  EXPECT_EQ(client.post(kFlash, body, "key-one", kNoon + minutes{9}).status, 200);
  EXPECT_EQ(client.post(kFlash, body, "key-one", kNoon + minutes{10}).status, 403);
  EXPECT_EQ(to_text(json_of(client.get("/v1beta/cachedContents"))), "{}");
}

TEST(CachesTest, RefusesSmallOnesAndModelsThatCannot) {
  Client client;
  EXPECT_EQ(
      client
          .post("/v1beta/cachedContents",
                R"({"model":"models/gemini-2.5-flash","contents":[{"parts":[{"text":"x"}]}]})")
          .status,
      400);
  EXPECT_EQ(
      client.post("/v1beta/cachedContents", R"({"model":"models/gemini-embedding-001"})").status,
      404);
  EXPECT_EQ(client.post("/v1beta/cachedContents", "{}").status, 400);
}

TEST(InteractionsTest, AreMadeReadAndRemoved) {
  Client client;
  const Json made = json_of(
      client.post("/v1beta/interactions", R"({"model":"gemini-3.5-flash","input":"Hello you"})"));
  EXPECT_EQ(made["status"], "completed");
  EXPECT_NE(string_in(made["steps"][1]["content"][0], "text").find("Hello you"), std::string::npos);
  const std::string url = "/v1beta/interactions/" + made["id"].get<std::string>();
  EXPECT_EQ(json_of(client.get(url)), made);
  EXPECT_EQ(client.get(url, "key-two").status, 404);
  const std::string next =
      R"({"model":"gemini-3.5-flash","input":[{"type":"text","text":"and?"}],"previous_interaction_id":")" +
      made["id"].get<std::string>() + "\"}";
  EXPECT_EQ(client.post("/v1beta/interactions", next).status, 200);
  EXPECT_EQ(client.post("/v1beta/interactions", next, "key-two").status, 404);
  EXPECT_EQ(body_of(client.api.answer(make_request("DELETE", url), kNoon)), "{}");
  EXPECT_EQ(client.get(url).status, 404);
}

TEST(InteractionsTest, BelongToTheProjectThatMadeThem) {
  Client client(R"({"keys":[{"key":"a","project":"p"},{"key":"b","project":"p"},"c"]})");
  const char* all = "/v1beta/interactions";
  const std::string id = json_of(
      client.post(all, R"({"agent":"deep-research","input":"x","background":true})", "a"))["id"];
  const std::string url = std::string(all) + "/" + id;
  const std::string next =
      R"({"model":"gemini-3.5-flash","input":"and?","previous_interaction_id":")" + id + "\"";
  const auto status = [&client](const char* verb, const std::string& address, const char* key) {
    return client.api.answer(make_request(verb, address, "", key), kNoon).status;
  };
  EXPECT_EQ(status("GET", url, "c"), 404);
  EXPECT_EQ(status("POST", url + "/cancel", "c"), 404);
  EXPECT_EQ(status("DELETE", url, "c"), 404);
  EXPECT_EQ(client.post(all, next + "}", "c").status, 404);
  EXPECT_EQ(client.post(all, next + R"(,"stream":true})", "c").status, 404);

  EXPECT_EQ(status("GET", url, "b"), 200);
  EXPECT_EQ(status("POST", url + "/cancel", "b"), 200);
  EXPECT_EQ(client.post(all, next + "}", "b").status, 200);
  const Json first = events_of(client.post(all, next + R"(,"stream":true})", "b"))[0];
  EXPECT_EQ(first["event_type"], "interaction.created");
  const std::string streamed = first["interaction"]["id"];
  EXPECT_EQ(status("GET", std::string(all) + "/" + streamed, "a"), 200)
      << "the first event names what later requests ask for";
  EXPECT_EQ(status("DELETE", url, "b"), 200);
  EXPECT_EQ(status("GET", url, "a"), 404);
}

TEST(InteractionsTest, StreamNamedEventsWithLineFeedsAlone) {
  Client client;
  const auto script = client.post("/v1beta/interactions",
                                  R"({"model":"gemini-2.5-flash","input":"x","stream":true})");
  const std::string body = body_of(script);
  EXPECT_TRUE(body.starts_with(
      "event: interaction.created\ndata: {\"event_type\":\"interaction.created\","))
      << body;
  EXPECT_TRUE(body.ends_with("event: done\ndata: [DONE]\n\n"));
  EXPECT_EQ(body.find('\r'), std::string::npos);
  std::vector<std::string> names;
  for (const auto& event : events_of(script)) {
    if (names.empty() || names.back() != string_in(event, "event_type"))
      names.emplace_back(string_in(event, "event_type"));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"interaction.created", "interaction.status_update",
                                             "step.start", "step.delta", "step.stop",
                                             "interaction.completed"}));
}

TEST(InteractionsTest, AgentsWorkInTheBackground) {
  Client client;
  const Json started = json_of(client.post(
      "/v1beta/interactions", R"({"agent":"deep-research","input":"x","background":true})"));
  EXPECT_EQ(keys_of(started),
            (std::vector<std::string>{"id", "status", "created", "updated", "object", "agent"}));
  EXPECT_EQ(started["status"], "in_progress");
  const std::string url = "/v1beta/interactions/" + started["id"].get<std::string>();
  EXPECT_EQ(json_of(client.get(url))["status"], "completed");
  EXPECT_EQ(json_of(client.post(url + "/cancel", ""))["status"], "cancelled");
}

}  // namespace
}  // namespace gembal::sandbox
