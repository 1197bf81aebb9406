#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace gembal {

/// An API key or client token. Its text leaves only through reveal(), which is called where a
/// header is set or the store writes; everything shown to people uses redacted() or id().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  /// "AIza…7fQ2": the first and last four characters; all but the length is hidden ("…") below 12
  /// characters.
  std::string redacted() const;

  /// The first 12 hexadecimal digits of the SHA-256: names a key in logs, headers and commands.
  /// Empty for no key.
  std::string id() const;

  /// Compares in a time that does not depend on where the two differ.
  bool matches(std::string_view candidate) const;

  friend auto operator<=>(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

/// `text` with every API key in it cut to its redacted form: upstream quotes keys in some messages.
std::string redact_keys(std::string_view text);

}  // namespace gembal
