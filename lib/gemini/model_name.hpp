#pragma once

#include <string>
#include <string_view>

namespace gembal::gemini {

/// A model's id without the prefixes that clients put before it: "models/", "google/", "gemini/".
std::string bare_model(std::string_view name);

/// Whether `name` may stand in a URL's path as a model: letters, digits and "-._", at most 128 of
/// them.
bool is_valid_model(std::string_view name);

}  // namespace gembal::gemini
