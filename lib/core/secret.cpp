#include "lib/core/secret.hpp"

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

}  // namespace gembal
