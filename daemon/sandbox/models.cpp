#include "daemon/sandbox/models.hpp"

#include <algorithm>
#include <string>

#include "lib/core/base64.hpp"

namespace gembal::sandbox {
namespace {

constexpr int kMillion = 1048576;
constexpr int kLong = 65536;

constexpr auto kText = ModelKind::text;
constexpr auto kImage = ModelKind::image;
constexpr auto kSpeech = ModelKind::speech;
constexpr auto kEmbedding = ModelKind::embedding;
constexpr auto kVideo = ModelKind::video;

const std::vector<Model> kModels = {
    {"gemini-2.5-flash", "001", "Gemini 2.5 Flash", kText, 2, kMillion, kLong, true, ""},
    {"gemini-2.5-pro", "2.5", "Gemini 2.5 Pro", kText, 2, kMillion, kLong, true, ""},
    {"gemini-2.5-flash-preview-tts", "gemini-2.5-flash-exp-tts-2025-05-19",
     "Gemini 2.5 Flash Preview TTS", kSpeech, 2, 8192, 16384, false, ""},
    {"gemini-2.5-pro-preview-tts", "gemini-2.5-pro-preview-tts-2025-05-19",
     "Gemini 2.5 Pro Preview TTS", kSpeech, 2, 8192, 16384, false, ""},
    {"gemma-4-26b-a4b-it", "001", "Gemma 4 26B A4B IT", kText, 3, 262144, 32768, false, ""},
    {"gemma-4-31b-it", "001", "Gemma 4 31B IT", kText, 3, 262144, 32768, false, ""},
    {"gemini-flash-latest", "Gemini Flash Latest", "Gemini Flash Latest", kText, 3, kMillion, kLong,
     true, "gemini-3.8-flash"},
    {"gemini-flash-lite-latest", "Gemini Flash-Lite Latest", "Gemini Flash-Lite Latest", kText, 3,
     kMillion, kLong, true, "gemini-3.5-flash-lite"},
    {"gemini-pro-latest", "Gemini Pro Latest", "Gemini Pro Latest", kText, 3, kMillion, kLong, true,
     "gemini-3.1-pro-preview"},
    {"gemini-2.5-flash-lite", "001", "Gemini 2.5 Flash-Lite", kText, 2, kMillion, kLong, true, ""},
    {"gemini-2.5-flash-image", "2.0", "Nano Banana", kImage, 2, 32768, 32768, false, ""},
    {"gemini-3-flash-preview", "3-flash-preview-12-2025", "Gemini 3 Flash Preview", kText, 3,
     kMillion, kLong, true, ""},
    {"gemini-3.1-pro-preview", "3.1-pro-preview-01-2026", "Gemini 3.1 Pro Preview", kText, 3,
     kMillion, kLong, true, ""},
    {"gemini-3.1-pro-preview-customtools", "3.1-pro-preview-01-2026",
     "Gemini 3.1 Pro Preview Custom Tools", kText, 3, kMillion, kLong, true, ""},
    {"gemini-3.1-flash-lite", "3.1-flash-lite-05-2026", "Gemini 3.1 Flash Lite", kText, 3, kMillion,
     kLong, true, ""},
    {"gemini-3-pro-image", "3.0", "Nano Banana Pro", kImage, 3, 131072, 32768, true, ""},
    {"nano-banana-pro-preview", "3.0", "Nano Banana Pro", kImage, 3, 131072, 32768, true,
     "gemini-3-pro-image"},
    {"gemini-3.1-flash-image", "3.0", "Nano Banana 2", kImage, 3, kLong, kLong, true, ""},
    {"gemini-3.1-flash-lite-image", "3.0", "Nano Banana 2 Lite", kImage, 3, kLong, kLong, true, ""},
    {"gemini-nano-banana-2.1", "2.1", "Nano Banana 2.1", kImage, 3, kLong, kLong, true, ""},
    {"gemini-3.5-flash", "3.5-flash-05-2026", "Gemini 3.5 Flash", kText, 3, kMillion, kLong, true,
     ""},
    {"gemini-3.5-flash-lite", "3.5-flash-lite-07-2026", "Gemini 3.5 Flash Lite", kText, 3, kMillion,
     kLong, true, ""},
    {"gemini-3.6-flash", "3.6-flash-07-2026", "Gemini 3.6 Flash", kText, 3, kMillion, kLong, true,
     ""},
    {"gemini-3.7-flash", "3.7-flash-08-2026", "Gemini 3.7 Flash", kText, 3, kMillion, kLong, true,
     ""},
    {"gemini-3.8-flash", "3.8-flash-09-2026", "Gemini 3.8 Flash", kText, 3, kMillion, kLong, true,
     ""},
    {"gemini-4-argon", "4-argon-11-2026", "Gemini 4 Argon", kText, 4, kMillion, kLong, true, ""},
    {"gemini-4-carbon", "4-carbon-11-2026", "Gemini 4 Carbon", kText, 4, kMillion, kLong, true, ""},
    {"gemini-4-hydrogen", "4-hydrogen-11-2026", "Gemini 4 Hydrogen", kText, 4, kMillion, kLong,
     true, ""},
    {"gemini-3.1-flash-tts-preview", "3.1-flash-tts-preview", "Gemini 3.1 Flash TTS Preview",
     kSpeech, 3, 8192, 16384, false, ""},
    {"gemini-3.8-flash-tts", "3.8-flash-tts", "Gemini 3.8 Flash TTS", kSpeech, 3, 8192, 16384,
     false, ""},
    {"gemini-3.8-flash-lite-tts", "3.8-flash-lite-tts", "Gemini 3.8 Flash Lite TTS", kSpeech, 3,
     8192, 16384, false, ""},
    {"gemini-embedding-001", "001", "Gemini Embedding 001", kEmbedding, 2, 2048, 1, false, ""},
    {"gemini-embedding-2", "2", "Gemini Embedding 2", kEmbedding, 3, 8192, 1, false, ""},
    {"veo-3.1-generate-preview", "3.1", "Veo 3.1", kVideo, 3, 480, 8192, false, ""},
    {"veo-3.1-fast-generate-preview", "3.1", "Veo 3.1 fast", kVideo, 3, 480, 8192, false, ""},
    {"veo-3.1-lite-generate-preview", "3.1", "Veo 3.1 lite", kVideo, 3, 480, 8192, false, ""},
};

std::string_view without(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// As Google makes them: base64 of a protobuf message whose first field is the last name of the
/// page before.
std::string page_token_after(const Model& model) {
  const std::string name = std::string("models/") + model.id;
  auto token = base64_encode("\n" + std::string(1, static_cast<char>(name.size())) + name);
  while (token.ends_with('=')) token.pop_back();
  return token;
}

}  // namespace

const std::vector<Model>& all_models() { return kModels; }

const Model* model_named(std::string_view id) {
  id = without(without(id, "models/"), "google/");
  for (const auto& model : kModels) {
    if (id == model.id) return &model;
  }
  return nullptr;
}

Json model_json(const Model& model) {
  Json json = {{"name", std::string("models/") + model.id},
               {"version", model.version},
               {"displayName", model.display_name},
               {"description",
                std::string("The sandbox's ") + model.display_name + ": its answers are made up."},
               {"inputTokenLimit", model.input_token_limit},
               {"outputTokenLimit", model.output_token_limit}};
  if (model.kind == ModelKind::embedding) {
    json["supportedGenerationMethods"] = {"embedContent", "countTextTokens", "countTokens",
                                          "asyncBatchEmbedContent"};
    return json;
  }
  if (model.kind == ModelKind::video) {
    json["supportedGenerationMethods"] = Json::array({"predictLongRunning"});
    return json;
  }
  json["supportedGenerationMethods"] = {"generateContent", "countTokens"};
  if (model.kind == ModelKind::text && !model.is_gemma()) {
    json["supportedGenerationMethods"].push_back("createCachedContent");
  }
  if (!model.is_gemma()) json["supportedGenerationMethods"].push_back("batchGenerateContent");
  json["temperature"] = 1;
  json["topP"] = 0.95;
  json["topK"] = 64;
  json["maxTemperature"] = model.kind == ModelKind::image ? 1 : 2;
  if (model.thinking) json["thinking"] = true;
  return json;
}

std::optional<Json> list_models(std::int64_t page_size, std::string_view token) {
  std::size_t start = 0;
  if (!token.empty()) {
    while (start < kModels.size() && page_token_after(kModels[start]) != token) ++start;
    if (start == kModels.size()) return std::nullopt;
    ++start;
  }
  const auto size =
      static_cast<std::size_t>(page_size <= 0 ? 50 : std::min<std::int64_t>(page_size, 1000));
  const auto end = std::min(start + size, kModels.size());
  Json list = Json::array();
  for (auto i = start; i < end; ++i) list.push_back(model_json(kModels[i]));
  Json body = {{"models", std::move(list)}};
  if (end < kModels.size()) body["nextPageToken"] = page_token_after(kModels[end - 1]);
  return body;
}

}  // namespace gembal::sandbox
