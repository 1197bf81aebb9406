#include "daemon/sandbox/speech.hpp"

#include <algorithm>
#include <cmath>

#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/prose.hpp"
#include "daemon/sandbox/sample.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/voices.hpp"

namespace gembal::sandbox {
namespace {

constexpr std::ptrdiff_t kRate = 24'000;
constexpr std::ptrdiff_t kMostWords = 50;
constexpr std::int64_t kTokensPerSecond = 25;

std::string voice_of(const Ask& ask) {
  const Json* at = ask.config("speechConfig");
  for (const char* name : {"voiceConfig", "prebuiltVoiceConfig"}) at = at ? find(*at, name) : at;
  return std::string(gemini::voice_named(at ? string_in(*at, "voiceName") : "").value_or(""));
}

std::string tone(double pitch, std::ptrdiff_t first, std::ptrdiff_t count) {
  std::string pcm;
  pcm.reserve(static_cast<std::size_t>(count) * 2);
  for (auto i = first; i < first + count; ++i) {
    const auto level = static_cast<int>(
        8000 * std::sin(2 * 3.14159265358979 * pitch * static_cast<double>(i) / kRate));
    pcm += static_cast<char>(level & 0xff);
    pcm += static_cast<char>(level >> 8 & 0xff);
  }
  return pcm;
}

/// The bytes of the first recording of the last turn, in base64; "" when there is none.
std::string_view recording_in(const Ask& ask) {
  for (const auto& part : ask.body["contents"].back()["parts"]) {
    const Json* blob = find(part, "inlineData");
    if (blob && string_in(*blob, "mimeType").starts_with("audio/")) return string_in(*blob, "data");
  }
  return {};
}

bool wants_it_written(const Ask& ask) {
  const auto prompt = lower(ask.prompt);
  return prompt.find("transcri") != std::string::npos ||
         (prompt.find("translate") != std::string::npos &&
          prompt.find("recording") != std::string::npos);
}

std::string time_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%06.3f", static_cast<int>(seconds) / 60,
                std::fmod(seconds, 60));
  return text;
}

/// A sentence and its words, a quarter of a second each.
Json segment(const std::string& sentence, double start, const char* speaker) {
  Json words = Json::array();
  double at = start;
  for (const auto& word : split(sentence, ' ')) {
    words.push_back({{"word", word}, {"start", time_text(at)}, {"end", time_text(at + 0.25)}});
    at += 0.25;
  }
  return {{"start", time_text(start)},
          {"end", time_text(at)},
          {"speaker", speaker},
          {"text", sentence},
          {"words", words}};
}

/// `value` without the members that the schema of an object has not.
Json as_schema_has_it(const Json& value, const Json& schema) {
  const Json* properties = find(schema, "properties");
  if (!properties) return value;
  Json fitting = Json::object();
  for (const auto& [name, member] : value.items()) {
    if (find(*properties, name)) fitting[name] = member;
  }
  return fitting;
}

}  // namespace

std::vector<Sound> speak(const Ask& ask) {
  const auto words = std::count(ask.prompt.begin(), ask.prompt.end(), ' ') + 1;
  auto left = std::min(words, kMostWords) * kRate / 5;
  Dice dice(1, voice_of(ask));
  const double pitch = 150 + static_cast<double>(dice.below(250));
  std::vector<Sound> sounds;
  for (std::ptrdiff_t first = 0; left > 0; first += kRate, left -= kRate) {
    const auto count = std::min(left, kRate);
    Sound sound;
    sound.part = {{"inlineData",
                   {{"mimeType", "audio/L16;codec=pcm;rate=24000"},
                    {"data", base64_encode(tone(pitch, first, count))}}}};
    sound.tokens = std::max<std::int64_t>(1, kTokensPerSecond * count / kRate);
    sounds.push_back(std::move(sound));
  }
  return sounds;
}

std::optional<std::string> hear(const Ask& ask) {
  const auto recording = recording_in(ask);
  if (recording.empty() || !wants_it_written(ask)) return std::nullopt;
  const auto sentences = some_sentences(Dice(ask.seed, recording).next(), 2);
  const Json* schema = ask.config("responseJsonSchema");
  if (!schema) schema = ask.config("responseSchema");
  const Json* properties = schema ? find(*schema, "properties") : nullptr;
  const Json* list = properties ? find(*properties, "segments") : nullptr;
  const Json* item = list ? find(*list, "items") : nullptr;
  if (!item) return schema ? std::nullopt : std::optional(join(sentences, " "));
  Json segments = Json::array();
  double start = 0.5;
  for (const auto& sentence : sentences) {
    auto one = segment(sentence, start, segments.empty() ? "A" : "B");
    start += 0.25 * static_cast<double>(one["words"].size()) + 0.5;
    segments.push_back(as_schema_has_it(one, *item));
  }
  Muse muse = muse_of("");
  Json answer = sample_of(*schema, muse);
  answer["segments"] = std::move(segments);
  if (find(*properties, "language")) answer["language"] = "english";
  return to_text(answer);
}

}  // namespace gembal::sandbox
