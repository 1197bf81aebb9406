#include "lib/core/secret.hpp"

#include "lib/core/text.hpp"

#include <openssl/crypto.h>

#include "lib/core/digest.hpp"

namespace gembal {

std::string Secret::redacted() const {
  if (text_.size() < 12) return text_.empty() ? "" : "…";
  return text_.substr(0, 4) + "…" + text_.substr(text_.size() - 4);
}

std::string Secret::id() const { return text_.empty() ? "" : sha256_hex(text_).substr(0, 12); }

bool Secret::matches(std::string_view candidate) const {
  return candidate.size() == text_.size() &&
         CRYPTO_memcmp(candidate.data(), text_.data(), text_.size()) == 0;
}

std::string redact_keys(std::string_view text) {
  std::string redacted(text);
  for (const auto& key : find_api_keys(text)) {
    const auto shown = Secret(key).redacted();
    for (auto at = redacted.find(key); at != std::string::npos;
         at = redacted.find(key, at + shown.size())) {
      redacted.replace(at, key.size(), shown);
    }
  }
  return redacted;
}

}  // namespace gembal
