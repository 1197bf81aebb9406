#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/gemini/extras.hpp"

namespace gembal::gemini {

/// What a model's name asks for, as a client calls it: "gemini-2.5-flash-search" is
/// gemini-2.5-flash with Google Search.
struct CalledModel {
  std::string called;  ///< without "models/" and the like
  std::string model;   ///< upstream's own name
  bool searches = false;
  bool draws = false;                      ///< answers in words and pictures
  std::optional<ThinkingAmount> thinking;  ///< as a suffix says

  /// Whether the name says more than which model.
  bool asks_for_more() const { return searches || draws || thinking; }
};

/// Reads a name: prefixes ("models/"), aliases, and suffixes in any order: "-search", "-image",
/// "-non-thinking", "-thinking:N" (a number of tokens, off, auto, minimal, low, medium, high), and
/// "-chat" of an image model. A real model's name that ends like one is left alone. Of two suffixes
/// about the same the last counts. Errors: not_found (a filtered model), bad_request (thinking that
/// is none).
Result<CalledModel> read_called_model(std::string_view name, const ModelRules& rules);

/// Whether a model is there to make pictures.
bool is_image_model(std::string_view model);

}  // namespace gembal::gemini
