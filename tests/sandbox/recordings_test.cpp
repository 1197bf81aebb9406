// Compares the sandbox's replies with recorded ones. Built only where the recordings are at hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

/// One recorded exchange; null when there is none of that name.
Json recording(const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator(GEMBAL_RECORDINGS)) {
    if (!entry.path().filename().string().starts_with(name)) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    return *parse_json(text.str());
  }
  return nullptr;
}

/// Every member of `mine` must exist in `real`, in the same order; lists are compared by their
/// first elements.
void expect_same_members(const Json& mine, const Json& real, const std::string& path) {
  if (mine.is_object()) {
    ASSERT_TRUE(real.is_object()) << path;
    std::size_t at = 0;
    const auto names = keys_of(real);
    for (const auto& [name, value] : mine.items()) {
      const auto found =
          std::find(names.begin() + static_cast<std::ptrdiff_t>(at), names.end(), name);
      ASSERT_NE(found, names.end()) << path << "." << name << " is missing or out of order";
      at = static_cast<std::size_t>(found - names.begin());
      expect_same_members(value, real[name], path + "." + name);
    }
  } else if (mine.is_array() && !mine.empty()) {
    ASSERT_TRUE(real.is_array() && !real.empty()) << path;
    expect_same_members(mine[0], real[0], path + "[0]");
  } else {
    EXPECT_EQ(mine.is_string(), real.is_string()) << path;
    EXPECT_EQ(mine.is_number(), real.is_number()) << path;
  }
}

TEST(RecordingsTest, HasTheMembersOfRecordedRepliesInTheirOrder) {
  const std::string thoughts = R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})";
  const struct {
    const char* recording;
    const char* url;
    std::string body;
  } cases[] = {
      {"stream.text-gemini-2.5-flash", kFlashStream,
       ask_with("sandbox:{\"text\":\"1, 2, 3\",\"events\":1}")},
      {"stream.thinking-gemini-3-flash-preview", kNewStream, ask_with("Why?", thoughts)},
      {"stream.call-signed-gemini-pro-latest", kNewStream,
       ask_with(
           "use the square_root tool on 132413",
           R"("tools":[{"functionDeclarations":[{"name":"square_root","parameters":{"type":"OBJECT",
                "properties":{"number":{"type":"NUMBER"}}}}]}],)" +
               thoughts)},
      {"stream.call-gemini-2.5-flash", kFlashStream,
       ask_with(
           "weather",
           R"("generationConfig":{"thinkingConfig":{"thinkingBudget":0}},"tools":[{"functionDeclarations":[{"name":"weather"}]}])")},
      {"generate.code-execution-gemini-3.5-flash", kNew,
       ask_with("compute 1 + 2", R"("tools":[{"codeExecution":{}}])")},
      {"generate.thinking-gemini-3-flash-preview", kNew, ask_with("Why?", thoughts)},
      {"generate.json-schema-gemini-3-flash-preview", kNew,
       ask_with(
           "Bob",
           R"("generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}})")},
      {"generate.audio-out", "/v1beta/models/gemini-2.5-flash-preview-tts:generateContent",
       ask_with("Hi", R"("generationConfig":{"responseModalities":["AUDIO"]})")},
      {"countTokens-gemini-3.5-flash", "/v1beta/models/gemini-3.5-flash:countTokens", kHello},
      {"batchEmbedContents-gemini-embedding-001",
       "/v1beta/models/gemini-embedding-001:batchEmbedContents",
       R"({"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]}}]})"},
      {"batchGenerateContent-gemini-2.5-flash",
       "/v1beta/models/gemini-2.5-flash:batchGenerateContent",
       R"({"batch":{"displayName":"b","inputConfig":{"requests":{"requests":[{"request":)" +
           std::string(kHello) + "}]}}}}"},
      {"fileSearchStores-fileSearchStores", "/v1beta/fileSearchStores", R"({"displayName":"s"})"},
      {"predictLongRunning-veo-3.1-lite",
       "/v1beta/models/veo-3.1-lite-generate-preview:predictLongRunning",
       R"({"instances":[{"prompt":"a wave"}]})"},
      {"interactions-interactions__0435", "/v1beta/interactions",
       R"({"model":"gemini-2.5-flash","input":"a joke"})"},
  };
  Client client;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.recording);
    const Json real = recording(c.recording);
    ASSERT_FALSE(real.is_null());
    const auto script = client.post(c.url, c.body);
    ASSERT_EQ(script.status, 200) << body_of(script);
    const Json* sse = find(real["response"], "sse");
    if (!sse) {
      expect_same_members(json_of(script), real["response"]["body"], "");
      continue;
    }
    EXPECT_EQ(real["response"]["sse_eol"], "\r\n");
    const auto events = events_of(script);
    expect_same_members(events.front(), *parse_json((*sse)[0].get<std::string>()), "first");
    expect_same_members(events.back(), *parse_json(sse->back().get<std::string>()), "last");
  }
}

/// The recorded body of a GET.
Json recorded_body(const std::string& name) {
  const Json real = recording(name);
  return real.is_null() ? Json() : real["response"]["body"];
}

TEST(RecordingsTest, ErrorsHaveTheDetailsOfRecordedOnes) {
  const std::pair<const char*, const char*> cases[] = {
      {"suspended", "error.403-gemini-2.5-pro__8cd207f0"},
      {"bad401", "error.401-gemini-2.5-pro__10608ff9"},
      {"bad429region", "error.429-MODEL__430d5ed9"},
      {"bad429zero", "error.429-gemini-2.0-flash__699e23a3"},
      {"bad429day", "error.429-gemini-2.5-flash__b65e67bb"},
  };
  Client client;
  for (const auto& [fault, name] : cases) {
    SCOPED_TRACE(fault);
    const Json real = recorded_body(name)["error"];
    const Json mine = json_of(client.fault(fault, kFlash, kHello))["error"];
    expect_same_members(mine, real, "");
    const auto& details = real["details"].get_ref<const Json::array_t&>();
    ASSERT_EQ(mine["details"].size(), details.size());
    for (std::size_t i = 0; i < details.size(); ++i)
      expect_same_members(mine["details"][i], details[i], "details");
  }
}

TEST(RecordingsTest, BatchesEndAsRecorded) {
  Client client;
  const Json made = json_of(client.post(
      "/v1beta/models/gemini-2.5-flash:batchGenerateContent",
      R"({"batch":{"displayName":"b","inputConfig":{"requests":{"requests":[{"request":)" +
          std::string(kHello) + R"(,"metadata":{"custom_id":"0"}}]}}}})"));
  const std::string url = "/v1beta/" + made["name"].get<std::string>();
  expect_same_members(json_of(client.get(url, "key-one", kNoon + std::chrono::seconds{2})),
                      recorded_body("batches.item-batches.item__1a188f87"), "running");
  expect_same_members(json_of(client.get(url, "key-one", kNoon + std::chrono::minutes{1})),
                      recorded_body("batches.item-batches.item__d1352fb1"), "done");
}

}  // namespace
}  // namespace gembal::sandbox
