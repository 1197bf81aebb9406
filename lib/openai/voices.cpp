#include "lib/openai/voices.hpp"

#include "lib/core/text.hpp"
#include "lib/gemini/voices.hpp"

namespace gembal::openai {
namespace {

struct Likeness {
  std::string_view theirs;
  std::string_view voice;
};

// By what OpenAI and Google say of the character of their voices.
constexpr Likeness kLikenesses[] = {
    {"alloy", "Kore"}, {"ash", "Orus"},     {"ballad", "Enceladus"},  {"cedar", "Charon"},
    {"coral", "Leda"}, {"echo", "Iapetus"}, {"fable", "Sadaltager"},  {"marin", "Sulafat"},
    {"nova", "Aoede"}, {"onyx", "Algenib"}, {"sage", "Vindemiatrix"}, {"shimmer", "Achernar"},
    {"verse", "Puck"},
};

}  // namespace

std::string gemini_voice(std::string_view asked, std::string_view standard) {
  if (const auto voice = gemini::voice_named(asked)) return std::string(*voice);
  for (const auto& [theirs, voice] : kLikenesses) {
    if (iequals(theirs, asked)) return std::string(voice);
  }
  return std::string(standard);
}

}  // namespace gembal::openai
