#include "daemon/sandbox/prose.hpp"

#include "daemon/sandbox/dice.hpp"

namespace gembal::sandbox {
namespace {

constexpr const char* kGreetings[] = {"Hello from gembal's sandbox.",
                                      "This is gembal's sandbox speaking.",
                                      "Greetings from the sandbox that comes with gembal."};

constexpr const char* kSentences[] = {
    "No model was asked and no quota was spent.",
    "The same question with the same seed always gets this answer.",
    "Every key is welcome here, and none leaves this machine.",
    "The sandbox knows the shapes of answers, not their meaning.",
    "Point a client at a real key when you need real thoughts.",
    "Ask for a fault by name to see how your client bears it.",
    "These words arrive in several events, a few at a time.",
    "A quiet place to try things out is worth a lot.",
    "Counts, finish reasons and signatures look as they do over there.",
    "Nothing that you write here is kept longer than the process lives.",
};

constexpr const char* kWords[] = {
    "quiet",   "river",  "amber",   "seven", "lanterns", "drift", "over",  "the", "old",
    "harbour", "while",  "small",   "birds", "count",    "slow",  "waves", "and", "rest",
    "under",   "bright", "patient", "stars", "that",     "never", "hurry", "home"};

constexpr const char* kTitles[] = {"Reading the Request", "Choosing the Words",
                                   "Weighing the Options", "Considering the Shape"};

template <typename T, std::size_t N>
const T& pick(const T (&list)[N], Dice& dice) {
  return list[dice.below(N)];
}

bool continues_character(char c) { return (c & 0xc0) == 0x80; }

std::string excerpt(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return std::string(text);
  while (longest > 0 && continues_character(text[longest])) --longest;
  return std::string(text.substr(0, longest)) + "\xe2\x80\xa6";
}

/// Words with the blanks before them; words without end (another script, a data URL) in short
/// pieces.
std::vector<std::string_view> tokens_of(std::string_view text) {
  constexpr std::size_t kLongest = 24;
  std::vector<std::string_view> tokens;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && (text[end] == ' ' || text[end] == '\n')) ++end;
    const std::size_t word = end;
    while (end < text.size() && text[end] != ' ' && text[end] != '\n' &&
           (end - word < kLongest || continues_character(text[end]))) {
      ++end;
    }
    tokens.push_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

Dice dice_for(const Ask& ask, std::string_view purpose) {
  std::string text = std::string(purpose) + ask.model->id + '\n' + ask.prompt;
  if (const Json* contents = find(ask.body, "contents")) text += to_text(*contents);
  return Dice(ask.seed, text);
}

}  // namespace

std::vector<std::string> some_sentences(std::uint64_t choice, std::size_t count) {
  std::vector<std::string> sentences;
  while (sentences.size() < count)
    sentences.emplace_back(kSentences[choice++ % std::size(kSentences)]);
  return sentences;
}

std::string friendly_text(const Ask& ask) {
  Dice dice = dice_for(ask, "text");
  std::string text = pick(kGreetings, dice);
  if (!ask.system.empty()) text += " I was told: \"" + excerpt(ask.system, 80) + "\".";
  for (const auto& response : ask.function_responses) {
    const Json* result = find(response, "response");
    text += " The function " + std::string(string_in(response, "name")) + " answered " +
            excerpt(result ? to_text(*result) : "nothing", 200) + ".";
  }
  if (!ask.prompt.empty()) text += " You wrote: \"" + excerpt(ask.prompt, 300) + "\".";
  for (const auto& attachment : ask.attachments)
    text += " I was also handed " + excerpt(attachment, 120) + ".";
  const auto first = dice.below(std::size(kSentences));
  const auto second = (first + 1 + dice.below(std::size(kSentences) - 1)) % std::size(kSentences);
  return text + " " + kSentences[first] + " " + kSentences[second];
}

std::string words_text(const Ask& ask, std::int64_t count) {
  Dice dice = dice_for(ask, "words");
  std::string text;
  for (std::int64_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : " ") + std::string(pick(kWords, dice));
  return text;
}

std::string thought_text(const Ask& ask) {
  Dice dice = dice_for(ask, "thought");
  const std::string subject =
      ask.prompt.empty() ? "a prompt without words" : "\"" + excerpt(ask.prompt, 120) + "\"";
  return "**" + std::string(pick(kTitles, dice)) + "**\n\nI'm looking at " + subject +
         ". The sandbox has no model to think with, so I'm settling on a friendly answer of a few sentences.\n\n\n";
}

std::vector<std::string> cut_text(std::string_view text, std::int64_t pieces, std::uint64_t seed) {
  Dice dice(seed, text);
  const auto tokens = tokens_of(text);
  std::vector<std::string> cut;
  const auto count = static_cast<std::int64_t>(tokens.size());
  if (pieces > count) pieces = count;
  for (std::int64_t at = 0; at < count;) {
    const auto index = static_cast<std::int64_t>(cut.size());
    const auto end = pieces > 0 ? count * (index + 1) / pieces
                                : std::min<std::int64_t>(
                                      count, at + 3 + static_cast<std::int64_t>(dice.below(5)));
    std::string piece;
    for (; at < end; ++at) piece += tokens[static_cast<std::size_t>(at)];
    cut.push_back(std::move(piece));
  }
  return cut;
}

std::string shortened(std::string_view text, std::int64_t tokens) {
  if (count_tokens(text) <= tokens) return std::string(text);
  std::string kept;
  for (const auto& token : tokens_of(text)) {
    if (count_tokens(kept + std::string(token)) > tokens) break;
    kept += token;
  }
  return kept;
}

}  // namespace gembal::sandbox
