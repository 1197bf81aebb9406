#include "lib/openai/speech.hpp"

#include <cstdio>

#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/gemini/reply.hpp"
#include "lib/gemini/voices.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/voices.hpp"

namespace gembal::openai {
namespace {

/// The text member `name`, or `standard` when it is missing or null. Errors: bad_request.
Result<std::string> text_or(const Json& request, const std::string& name,
                            const std::string& standard) {
  const Json* value = find(request, name);
  if (!value || value->is_null()) return standard;
  if (!value->is_string()) return bad(name, "'" + name + "' must be a text");
  return value->get<std::string>();
}

/// A current model for one of OpenAI's; others as they were asked for.
std::string model_for(const std::string& asked, const std::string& standard) {
  const auto name = lower(asked);
  const bool is_openais = name.empty() || name.starts_with("tts-") || name.starts_with("gpt-");
  return gemini::bare_model(is_openais ? standard : asked);
}

Result<std::string> read_voice(const Json& request, const std::string& standard) {
  const Json* voice = find(request, "voice");
  // Voices of one's own are told as {"id": …}.
  if (voice && voice->is_object() && string_in(*voice, "id") != "")
    return gemini_voice(string_in(*voice, "id"), standard);
  auto name = text_or(request, "voice", standard);
  if (!name) return name;
  return gemini_voice(*name, gemini_voice(standard, "Zephyr"));
}

Result<audio::Format> read_format(const Json& request) {
  const auto name = text_or(request, "response_format", "mp3");
  if (!name) return name.error();
  const auto format = audio::format_named(*name);
  if (format) return *format;
  return bad("response_format", "'response_format' must be one of " +
                                    std::string(audio::kFormatNames) + ", not '" +
                                    name->substr(0, 40) + "'");
}

Result<Delivery> read_delivery(const Json& request) {
  const auto name = text_or(request, "stream_format", "");
  if (!name) return name.error();
  if (name->empty()) return Delivery::file;
  if (*name == "audio") return Delivery::stream;
  if (*name == "sse") return Delivery::events;
  return bad("stream_format", "'stream_format' must be audio or sse");
}

/// How fast to speak, as a direction to the model; "" for the normal pace.
Result<std::string> read_pace(const Json& request, std::string_view standard) {
  const Json* value = find(request, "speed");
  if (!value || value->is_null()) {
    if (standard == "slow") return std::string("Speak slowly.");
    if (standard == "fast") return std::string("Speak fast.");
    return std::string();
  }
  const double speed = value->is_number() ? value->get<double>() : 0;
  if (!(speed >= 0.25 && speed <= 4))
    return bad("speed", "'speed' must be a number from 0.25 to 4");
  if (speed > 0.95 && speed < 1.05) return std::string();
  const char* const how = speed < 0.6   ? "very slowly"
                          : speed < 1   ? "slowly"
                          : speed < 1.6 ? "fast"
                                        : "very fast";
  char text[80];
  std::snprintf(text, sizeof text, "Speak %s, at %.2g times the normal pace.", how, speed);
  return std::string(text);
}

/// Without a word before it, the models take a text for something to answer, and refuse.
std::string prompt_of(const std::string& input, const std::string& instructions,
                      const std::string& pace) {
  if (trim(instructions).empty() && pace.empty()) return "Read aloud, word for word:\n\n" + input;
  std::string prompt = "Read the transcript aloud, word for word, as directed.\n\n## Directions\n";
  if (!trim(instructions).empty()) prompt.append(trim(instructions)).append("\n");
  if (!pace.empty()) prompt.append(pace).append("\n");
  return prompt + "\n## Transcript\n" + input;
}

}  // namespace

Result<SpeechCall> read_speech(std::string_view json, const SpeechDefaults& defaults) {
  const auto request = parse_json(json);
  if (!request) return request.error();
  if (!request->is_object()) return bad("", "the request body must be a JSON object");
  const auto input = text_or(*request, "input", "");
  if (!input) return input.error();
  if (trim(*input).empty()) return bad("input", "'input' must be the text to be read out");
  if (input->size() > kMostSpokenBytes) {
    return bad("input", "'input' is too long: " + std::to_string(input->size()) + " bytes of " +
                            std::to_string(kMostSpokenBytes) + "; send it in parts");
  }
  const auto model = text_or(*request, "model", "");
  if (!model) return model.error();
  SpeechCall call;
  call.model = model_for(*model, defaults.model);
  if (!gemini::is_valid_model(call.model)) return bad("model", "'model' must name a speech model");
  const auto voice = read_voice(*request, defaults.voice);
  if (!voice) return voice.error();
  const auto format = read_format(*request);
  if (!format) return format.error();
  call.format = *format;
  const auto delivery = read_delivery(*request);
  if (!delivery) return delivery.error();
  call.delivery = *delivery;
  const auto instructions = text_or(*request, "instructions", "");
  if (!instructions) return instructions.error();
  const auto pace = read_pace(*request, defaults.speed);
  if (!pace) return pace.error();

  const auto prompt = prompt_of(*input, *instructions, *pace);
  call.body = {
      {"contents", Json::array({{{"role", "user"}, {"parts", Json::array({{{"text", prompt}}})}}})},
      {"generationConfig",
       {{"responseModalities", Json::array({"AUDIO"})},
        {"speechConfig", gemini::speech_config(*voice)}}}};
  return call;
}

Result<std::string> SpeechStream::push(std::string_view event) {
  const auto reply = gemini::read_reply(event);
  if (!reply) return reply.error();
  if (!reply->refusal.empty()) refusal_ = reply->refusal;
  if (reply->usage) {
    input_tokens_ = reply->usage->prompt;
    output_tokens_ = reply->usage->answer + reply->usage->thoughts;
  }
  std::string out;
  for (const auto& candidate : reply->candidates) {
    for (const auto& piece : candidate.pieces) {
      if (piece.kind != gemini::Piece::Kind::media) continue;
      auto bytes = add(piece.mime_type, piece.data);
      if (!bytes) return bytes;
      out += *bytes;
    }
    if (candidate.finish_reason.empty()) continue;
    ended_ = true;
    if (gemini::is_refusal(candidate.finish_reason))
      refusal_ = "the model refused to read this out (" + candidate.finish_reason + ")";
  }
  return told(std::move(out));
}

Result<std::string> SpeechStream::add(std::string_view media_type, std::string_view base64) {
  const auto pcm = audio::pcm_of(media_type);
  const auto bytes = base64_decode(base64);
  if (!pcm || !bytes) {
    return Error{ErrorKind::upstream,
                 "the upstream sent sound of a kind that is not known: " +
                     std::string(media_type.substr(0, 60)),
                 ""};
  }
  if (!encoder_) {
    auto made = audio::make_encoder(format_, *pcm);
    if (!made) return std::move(made).error();
    encoder_ = *std::move(made);
    pcm_ = *pcm;
  }
  if (delivery_ == Delivery::file && format_ == audio::Format::wav) {
    gathered_ += *bytes;
    return std::string();
  }
  return encoder_->encode(*bytes);
}

std::string SpeechStream::told(std::string bytes) const {
  if (delivery_ != Delivery::events || bytes.empty()) return bytes;
  return "data: " + to_text(Json{{"type", "speech.audio.delta"}, {"audio", base64_encode(bytes)}}) +
         "\n\n";
}

std::string SpeechStream::done() const {
  if (delivery_ != Delivery::events) return "";
  const Json usage = {{"input_tokens", input_tokens_},
                      {"output_tokens", output_tokens_},
                      {"total_tokens", input_tokens_ + output_tokens_}};
  return "data: " + to_text(Json{{"type", "speech.audio.done"}, {"usage", usage}}) + "\n\n";
}

Result<std::string> SpeechStream::finish() {
  if (!encoder_ && !refusal_.empty()) return bad("input", refusal_);
  if (!ended_) {
    return Error{ErrorKind::upstream,
                 "the upstream ended the stream before the answer was complete", ""};
  }
  if (!encoder_)
    return Error{ErrorKind::upstream, "the model gave no sound (is it one that speaks?)", ""};
  if (delivery_ == Delivery::file && format_ == audio::Format::wav)
    return audio::encode_whole(format_, pcm_, gathered_);
  auto rest = encoder_->finish();
  if (!rest) return rest;
  return told(*std::move(rest)) + done();
}

}  // namespace gembal::openai
