#include "lib/openai/chat.hpp"

#include "lib/audio/encoder.hpp"
#include "lib/core/json_object.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/gemini/voices.hpp"
#include "lib/openai/bad_request.hpp"
#include "lib/openai/chat_config.hpp"
#include "lib/openai/chat_extras.hpp"
#include "lib/openai/chat_messages.hpp"
#include "lib/openai/chat_tools.hpp"
#include "lib/openai/voices.hpp"

namespace gembal::openai {
namespace {

constexpr std::int64_t kMostChoices = 8;
constexpr std::string_view kStandardVoice = "Zephyr";

Result<std::string> read_model(const Json& request, std::string_view model) {
  auto bare = gemini::bare_model(model.empty() ? string_in(request, "model") : model);
  if (bare.empty()) return bad("model", "'model' is missing");
  if (!gemini::is_valid_model(bare))
    return bad("model",
               "'model' is no model's name: it may have letters, digits, '-', '.' and '_'");
  return bare;
}

/// Several choices are one call each, for models that give one candidate only, and in streams.
Result<void> take_choices(const Json& request, const gemini::ModelTraits& traits, ChatCall& call) {
  const Json* n = find(request, "n");
  if (!n || n->is_null()) return {};
  const auto choices = integer_in(request, "n");
  if (!choices || *choices < 1 || *choices > kMostChoices)
    return bad("n", "'n' must be a whole number from 1 to " + std::to_string(kMostChoices));
  if (*choices == 1) return {};
  if (traits.takes_candidate_count && !call.stream) {
    call.body["generationConfig"]["candidateCount"] = *choices;
  } else {
    call.answers = static_cast<std::size_t>(*choices);
  }
  return {};
}

void take_wishes(const Json& request, ChatWishes& wishes) {
  if (const Json* options = find(request, "stream_options"))
    wishes.include_usage = bool_in(*options, "include_usage").value_or(false);
  wishes.one_call = bool_in(request, "parallel_tool_calls") == false;
  wishes.legacy_function = find(request, "functions") && !find(request, "tools");
  wishes.custom_tools = custom_tools_in(request);
}

/// How a model that speaks is to sound, and in which form. A stream has raw samples, as OpenAI's.
Result<void> take_audio(const Json& request, ChatCall& call) {
  const Json* config = find(call.body, "generationConfig");
  if (!config || !find(*config, "responseModalities") ||
      *find(*config, "responseModalities") != Json::array({"AUDIO"})) {
    return {};
  }
  const Json none = Json::object();
  const Json* audio = find(request, "audio");
  if (!audio || !audio->is_object()) audio = &none;
  const auto format = string_in(*audio, "format");
  call.wishes.audio_format = format.empty() ? (call.stream ? "pcm16" : "wav") : lower(format);
  if (!audio::format_named(call.wishes.audio_format)) {
    return bad("audio.format", "'audio.format' must be one of " + std::string(audio::kFormatNames));
  }
  if (call.stream && audio::format_named(call.wishes.audio_format) != audio::Format::pcm)
    return bad("audio.format", "'audio.format' must be pcm16 in a stream");
  if (const auto voice = string_in(*audio, "voice"); !voice.empty()) {
    call.body["generationConfig"]["speechConfig"] =
        gemini::speech_config(gemini_voice(voice, kStandardVoice));
  }
  return {};
}

Result<void> take_messages(Json& request, const gemini::ModelTraits& traits,
                           const gemini::SignatureOf& signature_of, Json& body) {
  Json* messages = find(request, "messages");
  if (!messages || !messages->is_array() || messages->empty())
    return bad("messages", "'messages' must be an array with at least one message");
  auto conversation = translate_messages(*messages, traits, signature_of);
  if (!conversation) return std::move(conversation).error();
  if (conversation->contents.empty())
    return bad("messages", "'messages' has nothing to answer: all of it is empty");
  (*std::move(conversation)).put_into(body, traits);
  return {};
}

}  // namespace

Result<ChatCall> translate_chat(Json request, std::string_view model,
                                const gemini::SignatureOf& signature_of) {
  if (!request.is_object())
    return Error{ErrorKind::bad_request, "the request body must be a JSON object", ""};
  ChatCall call;
  auto name = read_model(request, model);
  if (!name) return std::move(name).error();
  call.model = *std::move(name);
  const auto traits = gemini::traits_of(call.model);
  call.stream = bool_in(request, "stream").value_or(false);
  call.body = object_with_room(16);
  if (auto taken = take_messages(request, traits, signature_of, call.body); !taken)
    return std::move(taken).error();
  if (auto taken = translate_tools(request, traits, call.body); !taken)
    return std::move(taken).error();
  if (auto taken = translate_config(request, traits, call.body); !taken)
    return std::move(taken).error();
  if (auto taken = take_audio(request, call); !taken) return std::move(taken).error();
  if (auto taken = take_choices(request, traits, call); !taken) return std::move(taken).error();
  take_wishes(request, call.wishes);
  call.wishes.thoughts_in_text = take_extras(request, call.body);
  discard(request);
  return call;
}

}  // namespace gembal::openai
