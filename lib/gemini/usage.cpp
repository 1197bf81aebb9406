#include "lib/gemini/usage.hpp"

#include <charconv>

namespace gembal::gemini {
namespace {

/// The number after `"name":` behind `from`; nullopt when there is none.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(at + name.size());
  const auto digit = rest.find_first_not_of(" :\t\r\n");
  if (digit == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(digit);
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (failure != std::errc()) return std::nullopt;
  return number;
}

std::optional<TokenCount> read(std::string_view text, std::string_view object,
                               std::string_view input, std::string_view total) {
  // Forwards: the library looks for the first letter many at a time, but backwards one by one.
  auto at = text.find(object);
  if (at == std::string_view::npos) return std::nullopt;
  for (auto next = at; next != std::string_view::npos; next = text.find(object, at + 1)) at = next;
  const auto usage = text.substr(at + object.size());
  TokenCount count;
  count.input = number_after(usage, input).value_or(0);
  count.total = number_after(usage, total).value_or(count.input);
  if (count.total == 0) return std::nullopt;
  return count;
}

}  // namespace

std::optional<TokenCount> last_usage(std::string_view tail) {
  if (auto native = read(tail, "usageMetadata\"", "\"promptTokenCount\"", "\"totalTokenCount\""))
    return native;
  if (tail.find("prompt_tokens") == std::string_view::npos) return std::nullopt;
  return read(tail, "\"usage\"", "\"prompt_tokens\"", "\"total_tokens\"");
}

}  // namespace gembal::gemini
