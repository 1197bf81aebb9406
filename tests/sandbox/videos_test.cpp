#include <gtest/gtest.h>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

using std::chrono::seconds;

const char* const kVeo = "/v1beta/models/veo-3.1-lite-generate-preview:predictLongRunning";
const char* const kWave =
    R"({"instances":[{"prompt":"a calm ocean wave"}],"parameters":{"durationSeconds":4}})";
const TimePoint kLater = kNoon + seconds{3};

TEST(VideosTest, AreMadeInAWhileAndCanBeDownloaded) {
  Client client;
  const auto script = send(client, kVeo, {}, kWave);
  ASSERT_EQ(script.status, 200) << body_of(script);
  const Json started = json_of(script);
  EXPECT_EQ(keys_of(started), std::vector<std::string>{"name"});
  const std::string name = started["name"];
  EXPECT_TRUE(name.starts_with("models/veo-3.1-lite-generate-preview/operations/")) << name;
  EXPECT_EQ(json_of(client.get("/v1beta/" + name, "key-one", kLater - seconds{1})), started);

  const Json done = json_of(client.get("/v1beta/" + name, "key-one", kLater));
  EXPECT_EQ(done["done"], true);
  const Json& samples = done["response"]["generateVideoResponse"]["generatedSamples"];
  ASSERT_EQ(samples.size(), 1u);
  const std::string uri = samples[0]["video"]["uri"];
  ASSERT_TRUE(uri.starts_with("http://127.0.0.1:9999/v1beta/files/")) << uri;
  ASSERT_TRUE(uri.ends_with(":download?alt=media")) << uri;

  const std::string path = uri.substr(uri.find("/v1beta"));
  const auto moved = client.get(path, "key-one", kLater);
  EXPECT_EQ(moved.status, 302);
  EXPECT_EQ(to_text(json_of(moved)),
            R"({"error":{"code":302,"message":"Unknown Error.","status":"UNKNOWN"}})");
  EXPECT_EQ(header_of(moved, "location"), "http://localhost/download" + path);
  const auto video = client.get("/download" + path, "key-one", kLater);
  EXPECT_EQ(video.status, 200);
  EXPECT_EQ(header_of(video, "content-type"), "video/mp4");
  EXPECT_EQ(body_of(video).substr(4, 8), "ftypisom");
  const std::string file = path.substr(0, path.find(':'));
  const Json about = json_of(client.get(file, "key-one", kLater));
  EXPECT_EQ(about["source"], "GENERATED");
  EXPECT_EQ(about["sizeBytes"], std::to_string(body_of(video).size()));
}

TEST(VideosTest, BelongToTheProjectThatMadeThem) {
  Client client;
  const std::string url = "/v1beta/" + json_of(client.post(kVeo, kWave))["name"].get<std::string>();
  EXPECT_EQ(client.get(url, "key-two", kLater).status, 404);
  const Json done = json_of(client.get(url, "key-one", kLater));
  const std::string uri =
      done["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"];
  const std::string path = uri.substr(uri.find("/v1beta"));
  EXPECT_EQ(client.get(path, "key-two", kLater).status, 403);
  EXPECT_EQ(client.get("/download" + path, "key-two", kLater).status, 403);
  EXPECT_EQ(client.get("/download" + path, "key-one", kLater).status, 200);
}

TEST(VideosTest, RefuseWhatTheyCannotMake) {
  Client client;
  EXPECT_EQ(client.post(kVeo, "{}").status, 400);
  EXPECT_EQ(
      client.post(kVeo, R"({"instances":[{"prompt":"x"}],"parameters":{"sampleCount":9}})").status,
      400);
  EXPECT_EQ(client.post("/v1beta/models/gemini-2.5-flash:predictLongRunning", kWave).status, 404);
  EXPECT_EQ(client.post("/v1beta/models/veo-3.1-generate-preview:generateContent", kHello).status,
            404);
  EXPECT_EQ(client.get("/v1beta/models/veo-3.1-generate-preview/operations/nothing").status, 404);
  EXPECT_EQ(client.post(kVeo, kWave, "key-rpd1").status, 200);
  EXPECT_EQ(client.post(kVeo, kWave, "key-rpd1").status, 429);
}

}  // namespace
}  // namespace gembal::sandbox
