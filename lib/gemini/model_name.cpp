#include "lib/gemini/model_name.hpp"

#include <algorithm>

namespace gembal::gemini {

std::string bare_model(std::string_view name) {
  for (const std::string_view prefix : {"models/", "google/", "gemini/"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  return std::string(name);
}

bool is_valid_model(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  return !name.empty() && name.size() <= 128 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace gembal::gemini
