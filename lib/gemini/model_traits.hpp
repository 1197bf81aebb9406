#pragma once

#include <optional>
#include <string_view>

#include "lib/core/json.hpp"

namespace gembal::gemini {

/// How a model's thinking is steered.
enum class Thinking {
  none,    ///< before 2.5, Gemma, and others: not at all
  budget,  ///< 2.5: thinkingBudget, in tokens
  level,   ///< 3 and later, and the "latest" names: thinkingLevel
};

/// What the families of models take and do; the reference's sections 4 and 6. A name that nobody
/// knows is taken for a current model.
struct ModelTraits {
  Thinking thinking = Thinking::level;
  bool is_pro = false;  ///< thinks always, a little at least
  bool has_minimal_level = true;
  bool signs_calls = true;  ///< wants its function calls back signed and by id
  bool takes_system_instruction = true;
  bool takes_json_schema = true;       ///< parametersJsonSchema and responseJsonSchema
  bool takes_candidate_count = false;  ///< more than one candidate in one call
  bool mixes_tools = true;             ///< functions beside built-in tools, JSON beside either
  bool takes_parts_in_results = true;  ///< functionResponse.parts
};

ModelTraits traits_of(std::string_view model);

/// How hard a model should think, in OpenAI's words.
enum class Effort { none, minimal, low, medium, high };

/// "none" to "high", "xhigh" and "max"; nullopt for another word.
std::optional<Effort> effort_of(std::string_view word);

/// The thinkingConfig of an effort, or of a budget in tokens (0: none, -1: as the model likes);
/// null for a model without thinking.
Json thinking_config(const ModelTraits& traits, Effort effort);
Json thinking_config(const ModelTraits& traits, std::int64_t budget);

}  // namespace gembal::gemini
