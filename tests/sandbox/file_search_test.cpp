#include <gtest/gtest.h>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

using std::chrono::seconds;

const TimePoint kLater = kNoon + seconds{1};

Script remove(Client& client, const std::string& url, const std::string& key = "key-one") {
  return client.api.answer(make_request("DELETE", url, "", key), kLater);
}

std::string new_store(Client& client) {
  const auto script = client.post("/v1beta/fileSearchStores", R"({"displayName":"My Store"})");
  EXPECT_EQ(script.status, 200) << body_of(script);
  return json_of(script)["name"];
}

TEST(FileSearchTest, StoresAreMadeListedAndRemoved) {
  Client client;
  const auto script = client.post("/v1beta/fileSearchStores", R"({"displayName":"My Store"})");
  const Json store = json_of(script);
  EXPECT_EQ(keys_of(store), (std::vector<std::string>{"name", "displayName", "createTime",
                                                      "updateTime", "embeddingModel"}));
  const std::string name = store["name"];
  EXPECT_TRUE(name.starts_with("fileSearchStores/mystore-")) << name;
  EXPECT_EQ(json_of(client.get("/v1beta/" + name)), store);
  new_store(client);
  const Json page = json_of(client.get("/v1beta/fileSearchStores?pageSize=1"));
  EXPECT_EQ(page["fileSearchStores"].size(), 1u);
  EXPECT_NE(find(page, "nextPageToken"), nullptr);
  EXPECT_EQ(body_of(remove(client, "/v1beta/" + name)), "{}\n");
  EXPECT_EQ(client.get("/v1beta/" + name).status, 403);
  EXPECT_EQ(json_of(client.get("/v1beta/fileSearchStores"))["fileSearchStores"].size(), 1u);
}

TEST(FileSearchTest, DocumentsComeOutOfFiles) {
  Client client;
  const std::string store = new_store(client);
  const std::string file = uploaded(client, "hello");
  const auto script =
      client.post("/v1beta/" + store + ":importFile", "{\"fileName\":\"" + file + "\"}");
  ASSERT_EQ(script.status, 200) << body_of(script);
  EXPECT_EQ(keys_of(json_of(script)), std::vector<std::string>{"name"});
  const std::string operation = json_of(script)["name"];
  EXPECT_TRUE(operation.starts_with(store + "/operations/")) << operation;
  EXPECT_EQ(find(json_of(client.get("/v1beta/" + operation)), "done"), nullptr);
  const Json pending = json_of(client.get("/v1beta/" + store + "/documents"));
  EXPECT_EQ(pending["documents"][0]["state"], "STATE_PENDING");
  const Json done = json_of(client.get("/v1beta/" + operation, "key-one", kLater));
  EXPECT_EQ(done["done"], true);
  const std::string document = done["response"]["documentName"];
  EXPECT_TRUE(document.starts_with(store + "/documents/")) << document;

  const Json ready = json_of(client.get("/v1beta/" + document, "key-one", kLater));
  EXPECT_EQ(ready["state"], "STATE_ACTIVE");
  EXPECT_EQ(ready["sizeBytes"], "5");
  const Json list = json_of(client.get("/v1beta/" + store + "/documents", "key-one", kLater));
  EXPECT_EQ(list["documents"], Json::array({ready}));
  EXPECT_EQ(json_of(client.get("/v1beta/fileSearchStores"))["fileSearchStores"].size(), 1u)
      << "what is in a store is no store";

  EXPECT_EQ(remove(client, "/v1beta/" + document).status, 400);
  EXPECT_EQ(remove(client, "/v1beta/" + store).status, 400);
  EXPECT_EQ(remove(client, "/v1beta/" + store + "?force=true").status, 200);
  EXPECT_EQ(client.get("/v1beta/" + document, "key-one", kLater).status, 403);
}

TEST(FileSearchTest, DocumentsAreUploaded) {
  Client client;
  const std::string store = new_store(client);
  const auto start = send(client, "/upload/v1beta/" + store + ":uploadToFileSearchStore",
                          {{"x-goog-upload-protocol", "resumable"},
                           {"x-goog-upload-command", "start"},
                           {"x-goog-upload-header-content-type", "text/plain"}},
                          R"({"displayName":"test-doc.txt"})");
  ASSERT_EQ(start.status, 200) << body_of(start);
  const std::string url = header_of(start, "x-goog-upload-url");
  EXPECT_TRUE(url.starts_with("http://127.0.0.1:9999/upload/v1beta/" + store +
                              ":uploadToFileSearchStore?upload_id="))
      << url;
  const auto end =
      send(client, url.substr(url.find("/upload")),
           {{"x-goog-upload-command", "upload, finalize"}, {"x-goog-upload-offset", "0"}},
           "The secret", "");
  ASSERT_EQ(end.status, 200) << body_of(end);
  EXPECT_EQ(header_of(end, "x-goog-upload-status"), "final");
  const Json operation = json_of(end);
  const std::string name = operation["name"];
  EXPECT_TRUE(name.starts_with(store + "/upload/operations/testdoctxt-")) << name;
  EXPECT_EQ(operation["response"]["parent"], store);
  EXPECT_EQ(operation["response"]["sizeBytes"], "10");
  EXPECT_EQ(operation["response"]["mimeType"], "text/plain");
  EXPECT_EQ(json_of(client.get("/v1beta/" + name, "key-one", kLater))["done"], true);
  const std::string document = operation["response"]["documentName"];
  EXPECT_EQ(client.get("/v1beta/" + document).status, 200);
  EXPECT_EQ(client.get("/v1beta/" + document, "key-two").status, 403);
  EXPECT_EQ(remove(client, "/v1beta/" + document + "?force=true").status, 200);
  EXPECT_EQ(remove(client, "/v1beta/" + store).status, 200);
}

TEST(FileSearchTest, StoresBelongToTheProjectThatMadeThem) {
  Client client;
  const std::string store = new_store(client);
  const std::string file = uploaded(client, "hello", "key-two");
  const std::string import = "{\"fileName\":\"" + file + "\"}";
  const auto refused = client.get("/v1beta/" + store, "key-two");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(json_of(refused)["error"]["message"],
            "You do not have permission to access the FileSearchStore " + store.substr(17) +
                " or it may not exist.");
  EXPECT_EQ(client.get("/v1beta/" + store + "/documents", "key-two").status, 403);
  EXPECT_EQ(remove(client, "/v1beta/" + store, "key-two").status, 403);
  EXPECT_EQ(client.post("/v1beta/" + store + ":importFile", import, "key-two").status, 403);
  EXPECT_EQ(client.post("/v1beta/" + store + ":importFile", import).status, 403)
      << "the file is another project's";
  EXPECT_EQ(send(client, "/upload/v1beta/" + store + ":uploadToFileSearchStore",
                 {{"x-goog-upload-protocol", "resumable"}, {"x-goog-upload-command", "start"}},
                 "{}", "key-two")
                .status,
            403);
  EXPECT_EQ(to_text(json_of(client.get("/v1beta/fileSearchStores", "key-two"))), "{}");
  const std::string ask =
      ask_with("What?", R"("tools":[{"fileSearch":{"fileSearchStoreNames":[")" + store + "\"]}}]");
  EXPECT_EQ(client.post(kFlash, ask).status, 200);
  EXPECT_EQ(client.post(kFlash, ask, "key-two").status, 403);
}

}  // namespace
}  // namespace gembal::sandbox
