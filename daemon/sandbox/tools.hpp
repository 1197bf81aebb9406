#pragma once

#include <string>
#include <vector>

#include "daemon/sandbox/answer.hpp"

/// What the sandbox does with tools and other senses: calls, code, search, and pictures.
namespace gembal::sandbox {

struct PlannedCall {
  std::string name;
  Json args;
};

/// The functions to call: those whose names the prompt mentions, the first one when it only speaks
/// of tools or when the mode is ANY; none after a function's response, in mode NONE, or when
/// nothing is asked.
std::vector<PlannedCall> plan_calls(const Ask& ask);

struct CodeRun {
  std::string code;    ///< Python
  std::string output;  ///< what it prints
};

/// Whether the prompt sounds like something to compute.
bool wants_code(const Ask& ask);
/// Adds the prompt's numbers up, or prints a greeting when there are none.
CodeRun plan_code(const Ask& ask);

/// Adds groundingMetadata and urlContextMetadata, when those tools are given, to an answer whose
/// text is complete.
void add_grounding(const Ask& ask, Answer& answer);

bool makes_images(const Ask& ask);   ///< an image model that was not told to answer in text alone
bool says_text_too(const Ask& ask);  ///< TEXT is among the modalities, or none are given
Json image_part(
    const Ask& ask);  ///< inlineData with a PNG of the asked shape, at an eighth of the asked size
Json draft_part(const Ask& ask);  ///< the same, half as large, as a thought

}  // namespace gembal::sandbox
