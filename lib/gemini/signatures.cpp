#include "lib/gemini/signatures.hpp"

#include "lib/core/json.hpp"

namespace gembal::gemini {
namespace {

constexpr auto kBypass = "skip_thought_signature_validator";

}  // namespace

std::optional<std::string> with_bypassed_signatures(std::string_view body) {
  auto request = parse_json(body);
  if (!request || !request->is_object()) return std::nullopt;
  bool replaced = false;
  const auto contents = request->find("contents");
  if (contents == request->end() || !contents->is_array()) return std::nullopt;
  for (auto& content : *contents) {
    if (!content.is_object()) continue;
    const auto parts = content.find("parts");
    if (parts == content.end() || !parts->is_array()) continue;
    for (auto& part : *parts) {
      for (const auto* name : {"thoughtSignature", "thought_signature"}) {
        if (!part.is_object() || !part.contains(name)) continue;
        part[name] = kBypass;
        replaced = true;
      }
    }
  }
  if (!replaced) return std::nullopt;
  return to_text(*request);
}

}  // namespace gembal::gemini
