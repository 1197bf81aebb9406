#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gembal {

std::string_view trim(std::string_view text);  ///< without spaces, tabs, CR and LF at both ends
std::string lower(std::string_view text);      ///< ASCII only
bool iequals(std::string_view a, std::string_view b);  ///< equal but for ASCII case
std::vector<std::string_view> split(std::string_view text,
                                    char at);  ///< "a,,b" gives three; "" gives one empty
std::string join(const std::vector<std::string>& parts, std::string_view between);
bool is_valid_utf8(std::string_view text);

/// `%41` decoded; a `%` without two hexadecimal digits stays as it is. `+` is left alone.
std::string percent_decode(std::string_view text);
/// Everything but unreserved characters (RFC 3986) as %XX.
std::string percent_encode(std::string_view text);

/// The name out of `names` nearest to `word` by edit distance, or nullopt when nothing is near
/// enough to suggest.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

/// API keys found in any text (a .env, JSON, CSV, a chat log): `AIza` with 35 more characters, and
/// the `AQ.` form. In order of appearance, each once.
std::vector<std::string> find_api_keys(std::string_view text);

}  // namespace gembal
