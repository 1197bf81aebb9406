#include "lib/gemini/voices.hpp"

#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

constexpr std::string_view kVoices[] = {
    "Zephyr",    "Puck",          "Charon",       "Kore",      "Fenrir",     "Leda",
    "Orus",      "Aoede",         "Callirrhoe",   "Autonoe",   "Enceladus",  "Iapetus",
    "Umbriel",   "Algieba",       "Despina",      "Erinome",   "Algenib",    "Rasalgethi",
    "Laomedeia", "Achernar",      "Alnilam",      "Schedar",   "Gacrux",     "Pulcherrima",
    "Achird",    "Zubenelgenubi", "Vindemiatrix", "Sadachbia", "Sadaltager", "Sulafat"};

}  // namespace

std::span<const std::string_view> all_voices() { return kVoices; }

std::optional<std::string_view> voice_named(std::string_view name) {
  for (const auto voice : kVoices) {
    if (iequals(voice, name)) return voice;
  }
  return std::nullopt;
}

Json speech_config(std::string_view voice) {
  return {{"voiceConfig", {{"prebuiltVoiceConfig", {{"voiceName", voice}}}}}};
}

}  // namespace gembal::gemini
