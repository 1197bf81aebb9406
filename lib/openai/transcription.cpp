#include "lib/openai/transcription.hpp"

#include <charconv>

#include "lib/audio/pcm.hpp"
#include "lib/audio/sniff.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/gemini/model_traits.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/transcript.hpp"

namespace gembal::openai {
namespace {

constexpr std::size_t kLongestHint = 16 * 1024;
constexpr std::size_t kLongestLanguage = 64;

struct FormatName {
  std::string_view name;
  TranscriptFormat format;
};

constexpr FormatName kFormats[] = {
    {"json", TranscriptFormat::json},
    {"text", TranscriptFormat::text},
    {"srt", TranscriptFormat::srt},
    {"vtt", TranscriptFormat::vtt},
    {"verbose_json", TranscriptFormat::verbose_json},
    {"diarized_json", TranscriptFormat::diarized_json},
};

Result<TranscriptFormat> read_format(const Form& form, bool translates) {
  const auto asked = form.text("response_format");
  if (asked.empty()) return TranscriptFormat::json;
  std::string names;
  for (const auto& [name, format] : kFormats) {
    // Who says what is told of what was said, not of its translation.
    if (translates && format == TranscriptFormat::diarized_json) continue;
    if (name == asked) return format;
    if (!names.empty()) names += ", ";
    names += name;
  }
  return bad("response_format", "'response_format' must be one of " + names);
}

Result<bool> read_flag(const Form& form, const char* name) {
  const auto text = lower(form.text(name));
  if (text.empty() || text == "false" || text == "0") return false;
  if (text == "true" || text == "1") return true;
  return bad(name, std::string("'") + name + "' must be true or false");
}

Result<std::optional<double>> read_temperature(const Form& form) {
  const auto text = trim(form.text("temperature"));
  if (text.empty()) return std::optional<double>();
  double value = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 2))
    return bad("temperature", "'temperature' must be a number from 0 to 1");
  return std::optional<double>(value);
}

Result<void> read_granularities(const Form& form, TranscriptionCall& call) {
  const auto asked = form.all("timestamp_granularities");
  if (asked.empty()) return {};
  call.wants_segments = call.wants_words = false;
  for (const auto* part : asked) {
    if (part->bytes == "segment") {
      call.wants_segments = true;
    } else if (part->bytes == "word") {
      call.wants_words = true;
    } else {
      return bad("timestamp_granularities", "'timestamp_granularities' may have segment and word");
    }
  }
  if (call.format != TranscriptFormat::verbose_json) {
    return bad("timestamp_granularities",
               "'timestamp_granularities' needs 'response_format' to be verbose_json");
  }
  return {};
}

Result<void> read_file(const Form& form, TranscriptionCall& call) {
  const auto* file = form.find("file");
  if (!file) return bad("file", "'file' is missing: send the recording as a file of the form");
  if (file->bytes.empty()) return bad("file", "'file' is empty: it must be a recording");
  if (file->bytes.size() > kMostRecordedBytes) {
    auto error = bad("file", "'file' is too large: recordings may have " +
                                 std::to_string(kMostRecordedBytes >> 20) + " MiB");
    error.kind = ErrorKind::too_large;
    return error;
  }
  const auto type = audio::media_type_of(file->bytes);
  if (!type) {
    return bad("file",
               "'file' is no sound file of a known kind: send wav, mp3, m4a, mp4, webm, ogg, flac, "
               "aac or aiff");
  }
  call.media_type = *type;
  if (const auto duration = audio::wav_duration(file->bytes))
    call.seconds = static_cast<double>(duration->count()) / 1000;
  call.sound = base64_encode(file->bytes);
  return {};
}

std::string model_for(std::string_view asked, const std::string& standard) {
  const auto name = lower(asked);
  const bool is_openais = name.empty() || name.starts_with("whisper") || name.starts_with("gpt-");
  return gemini::bare_model(is_openais ? std::string_view(standard) : asked);
}

std::string instruction_of(const TranscriptionCall& call) {
  std::string text = call.translates
                         ? "Translate what is said in this recording into English."
                         : "Transcribe this recording word for word, in the language spoken.";
  if (call.is_timed()) {
    text +=
        " Cut it into segments of a sentence or two. Times count from the beginning of the "
        "recording, as MM:SS.mmm. If nobody speaks, there are no segments.";
    if (call.format == TranscriptFormat::diarized_json)
      text += " A segment has one speaker; name them A, B and so on, in order of appearance.";
  } else {
    text +=
        " Answer with that text alone, without times, names of speakers or comments. If nobody "
        "speaks, answer ";
    text.append(kNobodySpeaks).append(".");
  }
  if (!call.language.empty()) text += "\nThe language spoken is " + call.language + ".";
  if (!call.hint.empty())
    text +=
        "\nFor spelling and style only, this is what it is about or goes on from:\n" + call.hint;
  return text;
}

Json text_schema(const char* description = nullptr) {
  Json schema = {{"type", "string"}};
  if (description) schema["description"] = description;
  return schema;
}

Json list_of(Json properties) {
  Json required = Json::array();
  for (const auto& [name, schema] : properties.items()) required.push_back(name);
  return {{"type", "array"},
          {"items",
           {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)}}}};
}

/// What read_transcript() reads.
Json schema_for(const TranscriptionCall& call) {
  Json segment = {{"start", text_schema("MM:SS.mmm")}, {"end", text_schema("MM:SS.mmm")}};
  if (call.format == TranscriptFormat::diarized_json) segment["speaker"] = text_schema();
  segment["text"] = text_schema();
  if (call.wants_words) {
    segment["words"] = list_of({{"word", text_schema()},
                                {"start", text_schema("MM:SS.mmm")},
                                {"end", text_schema("MM:SS.mmm")}});
  }
  return {{"type", "object"},
          {"properties",
           {{"language", text_schema("that is spoken: its English name in lower case")},
            {"segments", list_of(std::move(segment))}}},
          {"required", Json::array({"language", "segments"})}};
}

}  // namespace

Result<TranscriptionCall> read_transcription(const Form& form, bool translates,
                                             const std::string& standard_model) {
  TranscriptionCall call;
  call.translates = translates;
  call.model = model_for(form.text("model"), standard_model);
  // A suffix may follow, as in "-thinking:0".
  if (!gemini::is_valid_model(std::string_view(call.model).substr(0, call.model.find(':'))))
    return bad("model", "'model' must name a model that hears");
  const auto format = read_format(form, translates);
  if (!format) return format.error();
  call.format = *format;
  if (auto granularities = read_granularities(form, call); !granularities)
    return std::move(granularities).error();
  const auto stream = read_flag(form, "stream");
  if (!stream) return stream.error();
  call.stream = *stream && !call.is_timed();
  const auto temperature = read_temperature(form);
  if (!temperature) return temperature.error();
  call.temperature = *temperature;
  call.language = trim(form.text("language"));
  if (call.language.size() > kLongestLanguage)
    return bad("language", "'language' must name a language, as in en");
  call.hint = trim(form.text("prompt"));
  if (call.hint.size() > kLongestHint)
    return bad("prompt", "'prompt' may have " + std::to_string(kLongestHint) + " bytes at most");
  if (auto file = read_file(form, call); !file) return std::move(file).error();
  return call;
}

Json transcription_body(TranscriptionCall call, const std::string& model) {
  const auto traits = gemini::traits_of(model);
  Json config = Json::object();
  if (call.temperature) config["temperature"] = *call.temperature;
  if (call.is_timed()) {
    config["responseMimeType"] = "application/json";
    config[traits.takes_json_schema ? "responseJsonSchema" : "responseSchema"] = schema_for(call);
  }
  // To write down what is said needs no thought, and its time and cost would be felt.
  if (auto thinking = gemini::thinking_config(traits, gemini::Effort::none); !thinking.is_null())
    config["thinkingConfig"] = std::move(thinking);
  Json parts = Json::array();
  parts.push_back({{"text", instruction_of(call)}});
  parts.push_back({{"inlineData", {{"mimeType", call.media_type}}}});
  parts.back()["inlineData"]["data"] = std::move(call.sound);
  Json turn = {{"role", "user"}};
  turn["parts"] = std::move(parts);
  Json body = Json::object();
  body["contents"] = Json::array();
  body["contents"].push_back(std::move(turn));
  if (!config.empty()) body["generationConfig"] = std::move(config);
  return body;
}

}  // namespace gembal::openai
