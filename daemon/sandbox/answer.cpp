#include "daemon/sandbox/answer.hpp"

#include <algorithm>
#include <cmath>

#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/prose.hpp"
#include "daemon/sandbox/sample.hpp"
#include "daemon/sandbox/speech.hpp"
#include "daemon/sandbox/tools.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

bool asks_for_json(const Ask& ask) {
  const Json* type = ask.config("responseMimeType");
  return (type && *type == "application/json") || ask.config("responseSchema") ||
         ask.config("responseJsonSchema");
}

/// JSON mode's text, or the words.
std::string text_for(const Ask& ask) {
  if (ask.directive.text) return *ask.directive.text;
  if (ask.directive.words) return words_text(ask, *ask.directive.words);
  if (auto transcript = hear(ask)) return *std::move(transcript);
  const Json* schema = ask.config("responseJsonSchema");
  if (!schema) schema = ask.config("responseSchema");
  const Json* type = ask.config("responseMimeType");
  Muse muse = muse_of(ask.prompt);
  if (type && *type == "text/x.enum" && schema) {
    const Json value = sample_of(*schema, muse);
    return value.is_string() ? value.get<std::string>() : to_text(value);
  }
  if (!asks_for_json(ask)) return friendly_text(ask);
  return schema ? to_text(sample_of(*schema, muse))
                : to_text(Json{{"message", friendly_text(ask)}});
}

std::int64_t thought_tokens(const Ask& ask) {
  if (!ask.model->thinking) return 0;
  const Json* thinking = ask.config("thinkingConfig");
  const std::int64_t budget =
      thinking ? integer_in(*thinking, "thinkingBudget").value_or(-1) : -1;  // -1: dynamic
  const std::string level = thinking ? lower(string_in(*thinking, "thinkingLevel")) : "";
  if (budget == 0 || level == "minimal") return 0;
  Dice dice(ask.seed, "thinking" + ask.prompt);
  std::int64_t tokens = 20 + static_cast<std::int64_t>(dice.below(40));
  if (level == "high") tokens *= 4;
  if (budget > 0) tokens = std::min(tokens, budget);
  return tokens;
}

bool shows_thoughts(const Ask& ask) {
  const Json* thinking = ask.config("thinkingConfig");
  return thinking && bool_in(*thinking, "includeThoughts").value_or(false);
}

/// Builds an answer event by event and keeps the counts.
class Composer {
 public:
  Composer(const Ask& ask, Answer& answer) : ask_(ask), answer_(answer) {}

  void think() {
    thoughts_ = thought_tokens(ask_);
    if (thoughts_ == 0 || !shows_thoughts(ask_)) return;
    add(Json::array(
            {{{"text", ask_.directive.thoughts.value_or(thought_text(ask_))}, {"thought", true}}}),
        0);
  }

  /// How many tokens may still be said; nullopt: no limit.
  std::optional<std::int64_t> room() const {
    const Json* limit = ask_.config("maxOutputTokens");
    if (!limit) return std::nullopt;
    return std::max<std::int64_t>(0, limit->get<std::int64_t>() - thoughts_ - candidates_);
  }

  /// Says `text` in pieces, as far as stop sequences and the limit let it.
  void say(std::string text) {
    if (const Json* stops = ask_.config("stopSequences")) {
      auto first = std::string::npos;
      for (const auto& stop : *stops) {
        const auto& sequence = stop.get_ref<const std::string&>();
        if (!sequence.empty()) first = std::min(first, text.find(sequence));
      }
      if (first != std::string::npos) text.resize(first);
    }
    if (const auto left = room(); left && count_tokens(text) > *left) {
      text = shortened(text, *left);
      answer_.finish = "MAX_TOKENS";
    }
    std::string said;
    const auto before = candidates_;
    for (auto& piece : cut_text(text, ask_.directive.events.value_or(0), ask_.seed)) {
      said += piece;
      candidates_ = before + count_tokens(said);
      add(Json::array({{{"text", std::move(piece)}}}), 0);
    }
  }

  void add(Json parts, std::int64_t tokens) {
    candidates_ += tokens;
    answer_.events.push_back({std::move(parts), candidates_, thoughts_});
  }

  bool thinks() const { return thoughts_ > 0; }

  /// The last event of a text: from the third generation on an empty part that carries the
  /// signature.
  void end_text() {
    const bool cut_short = answer_.finish == "MAX_TOKENS" && candidates_ == 0;
    if (ask_.model->signs_parts() && thinks() && !cut_short) {
      add(Json::array(
              {{{"text", ""},
                {"thoughtSignature", make_signature(ask_.seed, "text" + ask_.response_id)}}}),
          0);
    } else if (candidates_ == 0) {
      add(Json::array(), 0);  // only a finish reason: all was thought, or nothing was to say
    }
  }

 private:
  const Ask& ask_;
  Answer& answer_;
  std::int64_t thoughts_ = 0;
  std::int64_t candidates_ = 0;
};

void call_functions(const Ask& ask, const std::vector<PlannedCall>& calls, Composer& composer,
                    Answer& answer) {
  Json parts = Json::array();
  Dice dice(ask.seed, "calls" + ask.response_id);
  for (const auto& call : calls) {
    Json json = {{"name", call.name}, {"args", call.args}};
    if (ask.model->signs_parts()) json["id"] = dice.name(8);
    Json part = {{"functionCall", std::move(json)}};
    const bool signs = ask.model->signs_parts() || (composer.thinks() && shows_thoughts(ask));
    if (signs && parts.empty())
      part["thoughtSignature"] = make_signature(ask.seed, "call" + ask.response_id);
    parts.push_back(std::move(part));
  }
  const auto tokens = count_tokens(to_text(parts)) / 4 + 6;
  composer.add(std::move(parts), tokens);
  if (ask.model->signs_parts()) composer.add(Json::array({{{"text", ""}}}), 0);
  answer.finish_message = "Model generated function call(s).";
}

void run_code(const Ask& ask, Composer& composer, Answer& answer) {
  const auto run = plan_code(ask);
  Json code = {{"language", "PYTHON"}, {"code", run.code}};
  Json result = {{"outcome", "OUTCOME_OK"}, {"output", run.output}};
  Json first = {{"executableCode", code}};
  if (ask.model->signs_parts()) {
    Dice dice(ask.seed, "code" + ask.response_id);
    const std::string id = dice.name(8);
    first["executableCode"]["id"] = id;
    result["id"] = id;
    first["thoughtSignature"] = make_signature(ask.seed, "code" + ask.response_id);
  }
  composer.add(Json::array({first}), count_tokens(run.code) + 6);
  composer.add(Json::array({{{"codeExecutionResult", result}}}), 0);
  answer.tool_tokens = 100 + count_tokens(run.code);
  composer.say("The code printed " + std::string(trim(run.output)) + ".");
  composer.end_text();
}

void break_content(const Fault& fault, Answer& answer) {
  const std::string& name = fault.name;
  const auto only = [&answer](const char* finish) {
    Event event;
    if (!answer.events.empty()) event.thought_tokens = answer.events.back().thought_tokens;
    answer.events = {event};
    answer.finish = finish;
    answer.finish_message.clear();
    answer.grounding = answer.url_context = nullptr;
  };
  if (name == "empty200") {
    only("");
    answer.no_candidates = true;
  } else if (name == "stop-without-content") {
    only("STOP");
  } else if (name == "max-tokens-empty") {
    only("MAX_TOKENS");
  } else if (name == "malformed-function-call") {
    only("MALFORMED_FUNCTION_CALL");
    answer.finish_message = "Malformed function call: print(default_api.";
    answer.empty_content = true;
  } else if (name == "unexpected-tool-call") {
    only("UNEXPECTED_TOOL_CALL");
    answer.finish_message = "Unexpected tool call.";
    answer.empty_content = true;
  } else if (name == "finish-other") {
    only("OTHER");
  } else if (name == "prompt-blocked") {
    only("");
    answer.no_candidates = true;
    answer.block_reason = "PROHIBITED_CONTENT";
  } else if (name == "no-image") {
    only("NO_IMAGE");
    answer.finish_message = "The model could not generate the image based on the prompt provided.";
  } else if (name == "image-safety") {
    only("IMAGE_SAFETY");
    answer.finish_message =
        "Unable to show the generated image. The model could not generate the image based on the "
        "prompt provided.";
  } else if (name == "safety") {
    answer.events.resize(std::min<std::size_t>(answer.events.size(), 1));
    answer.finish = "SAFETY";
  } else {
    answer.events.resize(std::min<std::size_t>(answer.events.size(), 1));
    answer.finish = "RECITATION";
  }
}

}  // namespace

Answer compose(const Ask& ask, const std::optional<Fault>& fault) {
  Answer answer;
  Composer composer(ask, answer);
  composer.think();
  const auto calls = plan_calls(ask);
  if (composer.room() == 0) {
    answer.finish = "MAX_TOKENS";
    composer.end_text();
  } else if (ask.model->kind == ModelKind::speech) {
    answer.made_of = "AUDIO";
    for (auto& sound : speak(ask)) composer.add(Json::array({std::move(sound.part)}), sound.tokens);
  } else if (makes_images(ask)) {
    answer.made_of = "IMAGE";
    if (composer.thinks() && shows_thoughts(ask)) composer.add(Json::array({draft_part(ask)}), 0);
    if (says_text_too(ask)) composer.say("Here is a picture from gembal's sandbox.");
    composer.add(Json::array({image_part(ask)}), 1120);
  } else if (!calls.empty()) {
    call_functions(ask, calls, composer, answer);
  } else if (ask.tool("codeExecution") && wants_code(ask)) {
    run_code(ask, composer, answer);
  } else {
    composer.say(text_for(ask));
    composer.end_text();
    add_grounding(ask, answer);
  }
  if (fault && fault->kind == FaultKind::content) break_content(*fault, answer);
  return answer;
}

}  // namespace gembal::sandbox
