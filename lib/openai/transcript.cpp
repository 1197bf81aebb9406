#include "lib/openai/transcript.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "lib/core/text.hpp"

namespace gembal::openai {
namespace {

constexpr double kLongest = 24.0 * 3600;  // seconds; beyond that the model has erred

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= 0 && value <= kLongest)) return std::nullopt;
  return value;
}

/// "00:01:02,500", with that mark before the milliseconds.
std::string clock(double seconds, char mark) {
  const auto all = static_cast<long>(std::lround(std::clamp(seconds, 0.0, kLongest) * 1000));
  char text[32];
  std::snprintf(text, sizeof text, "%02ld:%02ld:%02ld%c%03ld", all / 3'600'000, all / 60'000 % 60,
                all / 1000 % 60, mark, all % 1000);
  return text;
}

/// Reads when something was said, not before `earliest`.
Timed read_timed(const Json& json, const char* text, double earliest) {
  const Json nothing;
  const Json* start = find(json, "start");
  const Json* end = find(json, "end");
  Timed timed;
  timed.start = std::max(seconds_in(start ? *start : nothing).value_or(earliest), earliest);
  timed.end = std::max(seconds_in(end ? *end : nothing).value_or(timed.start), timed.start);
  timed.text = trim(string_in(json, text));
  timed.speaker = trim(string_in(json, "speaker"));
  return timed;
}

/// Rounded: three digits are more than the model knows.
double shown(double seconds) { return std::round(seconds * 1000) / 1000; }

Json timed_json(const Timed& timed, const char* text) {
  return {{text, timed.text}, {"start", shown(timed.start)}, {"end", shown(timed.end)}};
}

/// Whisper tells more of a segment, all of it about how it came to it.
Json whisper_segment(const Timed& segment, std::size_t number, double temperature) {
  return {{"id", number},
          {"seek", 0},
          {"start", shown(segment.start)},
          {"end", shown(segment.end)},
          {"text", segment.text},
          {"tokens", Json::array()},
          {"temperature", temperature},
          {"avg_logprob", 0.0},
          {"compression_ratio", 0.0},
          {"no_speech_prob", 0.0}};
}

Json diarized_segment(const Timed& segment, std::size_t number) {
  return {{"type", "transcript.text.segment"},
          {"id", "seg_" + std::to_string(number + 1)},
          {"start", shown(segment.start)},
          {"end", shown(segment.end)},
          {"text", segment.text},
          {"speaker", segment.speaker.empty() ? "A" : segment.speaker}};
}

}  // namespace

std::string Transcript::text() const {
  std::string all;
  for (const auto& segment : segments) {
    if (!all.empty()) all += ' ';
    all += segment.text;
  }
  return all;
}

std::optional<double> seconds_in(const Json& time) {
  if (time.is_number()) {
    const double value = time.get<double>();
    return value >= 0 && value <= kLongest ? std::optional(value) : std::nullopt;
  }
  if (!time.is_string()) return std::nullopt;
  std::string text(trim(time.get_ref<const std::string&>()));
  std::replace(text.begin(), text.end(), ',', '.');
  const auto parts = split(text, ':');
  if (parts.size() > 3) return std::nullopt;
  double seconds = 0;
  for (const auto& part : parts) {
    const auto value = number_in(part);
    if (!value) return std::nullopt;
    seconds = seconds * 60 + *value;
  }
  return seconds;
}

Result<Transcript> read_transcript(std::string_view json) {
  const auto parsed = parse_json(json);
  const Json* segments = parsed ? find(*parsed, "segments") : nullptr;
  if (!segments || !segments->is_array())
    return Error{ErrorKind::upstream, "the model's transcript cannot be read", ""};
  Transcript transcript;
  transcript.language = lower(string_in(*parsed, "language"));
  double earliest = 0;
  for (const auto& one : *segments) {
    auto segment = read_timed(one, "text", earliest);
    earliest = segment.start;
    if (const Json* words = find(one, "words"); words && words->is_array()) {
      for (const auto& word : *words)
        transcript.words.push_back(read_timed(word, "word", earliest));
    }
    if (!segment.text.empty()) transcript.segments.push_back(std::move(segment));
  }
  return transcript;
}

std::string as_srt(const Transcript& transcript) {
  std::string text;
  std::size_t number = 0;
  for (const auto& segment : transcript.segments) {
    text += std::to_string(++number) + "\n" + clock(segment.start, ',') + " --> " +
            clock(segment.end, ',') + "\n" + segment.text + "\n\n";
  }
  return text;
}

std::string as_vtt(const Transcript& transcript) {
  std::string text = "WEBVTT\n\n";
  for (const auto& segment : transcript.segments) {
    text += clock(segment.start, '.') + " --> " + clock(segment.end, '.') + "\n" + segment.text +
            "\n\n";
  }
  return text;
}

Json transcription_usage(const gemini::Usage& usage) {
  return {
      {"type", "tokens"},
      {"input_tokens", usage.prompt},
      {"input_token_details",
       {{"text_tokens", usage.prompt - usage.prompt_audio}, {"audio_tokens", usage.prompt_audio}}},
      {"output_tokens", usage.answer + usage.thoughts},
      {"total_tokens", usage.total()}};
}

std::string as_json(const TranscriptionCall& call, const Transcript& transcript,
                    const gemini::Usage& usage) {
  const double last = transcript.segments.empty() ? 0 : transcript.segments.back().end;
  const double duration = call.seconds.value_or(last);
  const bool diarized = call.format == TranscriptFormat::diarized_json;
  Json reply = {{"task", call.translates ? "translate" : "transcribe"}};
  if (!diarized) reply["language"] = call.translates ? "english" : transcript.language;
  reply["duration"] = shown(duration);
  reply["text"] = transcript.text();
  if (call.wants_segments) {
    Json list = Json::array();
    for (const auto& segment : transcript.segments) {
      list.push_back(diarized
                         ? diarized_segment(segment, list.size())
                         : whisper_segment(segment, list.size(), call.temperature.value_or(0.0)));
    }
    reply["segments"] = std::move(list);
  }
  if (call.wants_words) {
    Json list = Json::array();
    for (const auto& word : transcript.words) list.push_back(timed_json(word, "word"));
    reply["words"] = std::move(list);
  }
  if (diarized) {
    reply["usage"] = transcription_usage(usage);
  } else {
    reply["usage"] = {{"type", "duration"}, {"seconds", std::ceil(duration)}};
  }
  return to_text(reply);
}

}  // namespace gembal::openai
