#include "lib/openai/models.hpp"

#include <charconv>
#include <chrono>
#include <optional>

#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::openai {
namespace {

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, number);
  if (text.empty() || failure != std::errc() || stopped != end) return std::nullopt;
  return number;
}

/// When a model came out, which its version may end with: "3.5-flash-05-2026",
/// "gemini-2.5-flash-exp-tts-2025-05-19".
std::optional<std::int64_t> release_time(std::string_view version) {
  const auto parts = split(version, '-');
  const auto number = [&parts](std::size_t from_end) {
    return from_end < parts.size() ? whole_number(parts[parts.size() - 1 - from_end])
                                   : std::nullopt;
  };
  auto year = number(0), month = number(1);
  int day = 1;
  if (year && *year <= 31) {
    day = *year;
    year = number(2);
  }
  if (!year || !month || *year < 2020 || *year > 2100) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch() / std::chrono::seconds{1};
}

Json entry(const Json& model, std::int64_t unknown) {
  const auto created = release_time(string_in(model, "version")).value_or(unknown);
  Json made = {{"id", gemini::bare_model(string_in(model, "name"))},
               {"object", "model"},
               {"created", created},
               {"owned_by", "google"}};
  if (const auto name = string_in(model, "displayName"); !name.empty()) made["display_name"] = name;
  return made;
}

}  // namespace

std::string models_reply(const std::vector<Json>& models, std::int64_t unknown) {
  Json data = Json::array();
  for (const auto& model : models) data.push_back(entry(model, unknown));
  return to_text({{"object", "list"}, {"data", std::move(data)}});
}

std::string model_reply(const Json& model, std::int64_t unknown) {
  return to_text(entry(model, unknown));
}

}  // namespace gembal::openai
