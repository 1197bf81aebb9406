#include "daemon/sandbox/quota.hpp"

#include <algorithm>
#include <charconv>

namespace gembal::sandbox {
namespace {

constexpr Milliseconds kMinute{60'000};

/// The number after `name` where that is a word of its own.
std::optional<long long> number_after(std::string_view key, std::string_view name) {
  const auto parts_words = [](char c) { return c == '-' || c == '_' || c == '.'; };
  for (auto at = key.find(name); at != std::string_view::npos; at = key.find(name, at + 1)) {
    if (at != 0 && !parts_words(key[at - 1])) continue;
    const char* first = key.data() + at + name.size();
    const char* last = key.data() + key.size();
    long long number = 0;
    const auto [end, failure] = std::from_chars(first, last, number);
    if (failure == std::errc{} && number >= 0 && number < 1'000'000'000 &&
        (end == last || parts_words(*end))) {
      return number;
    }
  }
  return std::nullopt;
}

/// How long until the oldest uses that have to go are a minute old; `amount_of` says what each
/// weighs.
template <typename Amount>
Milliseconds wait_for_room(const std::deque<Milliseconds>& ages,
                           const std::vector<long long>& amounts, Amount over) {
  for (std::size_t i = 0; i < ages.size(); ++i) {
    over -= amounts[i];
    if (over <= 0) return kMinute - ages[i];
  }
  return kMinute;  // more than the limit at once: no waiting helps, and Google says a minute all
                   // the same
}

}  // namespace

Quota quota_in_key(std::string_view key) {
  Quota quota;
  if (const auto number = number_after(key, "rpm")) quota.per_minute = static_cast<int>(*number);
  if (const auto number = number_after(key, "rpd")) quota.per_day = static_cast<int>(*number);
  quota.tokens_per_minute = number_after(key, "tpm");
  return quota;
}

std::optional<ApiError> QuotaBook::charge(const std::string& project, const std::string& model,
                                          const Quota& quota, Cost cost, TimePoint now) {
  if (quota.unlimited()) return std::nullopt;
  Page& page = pages_[{project, model}];
  while (!page.last_minute.empty() && now - page.last_minute.front().time >= kMinute)
    page.last_minute.pop_front();
  if (now >= page.day_ends) {
    page.day_ends = next_pacific_midnight(now);
    page.today = 0;
  }

  std::deque<Milliseconds> ages;
  std::vector<long long> requests, tokens;
  long long requests_used = 0, tokens_used = 0;
  for (const auto& use : page.last_minute) {
    ages.push_back(std::chrono::duration_cast<Milliseconds>(now - use.time));
    requests.push_back(use.cost.requests);
    tokens.push_back(use.cost.tokens);
    requests_used += use.cost.requests;
    tokens_used += use.cost.tokens;
  }

  std::vector<Violation> violations;
  Milliseconds wait{0};
  const char* metric =
      cost.embedding ? "embed_content_free_tier_requests" : "generate_content_free_tier_requests";
  if (quota.tokens_per_minute && tokens_used + cost.tokens > *quota.tokens_per_minute) {
    violations.push_back({"generate_content_free_tier_input_token_count",
                          "GenerateContentInputTokensPerModelPerMinute-FreeTier",
                          *quota.tokens_per_minute});
    wait = std::max(
        wait, wait_for_room(ages, tokens, tokens_used + cost.tokens - *quota.tokens_per_minute));
  }
  if (quota.per_minute && requests_used + cost.requests > *quota.per_minute) {
    violations.push_back({metric,
                          cost.embedding
                              ? "EmbedContentRequestsPerMinutePerUserPerProjectPerModel-FreeTier"
                              : "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                          *quota.per_minute});
    wait = std::max(
        wait, wait_for_room(ages, requests, requests_used + cost.requests - *quota.per_minute));
  }
  if (quota.per_day && page.today + cost.requests > *quota.per_day) {
    violations.push_back({metric,
                          cost.embedding
                              ? "EmbedContentRequestsPerDayPerUserPerProjectPerModel-FreeTier"
                              : "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
                          *quota.per_day});
    wait = std::max(wait, std::chrono::duration_cast<Milliseconds>(page.day_ends - now));
  }
  if (!violations.empty()) return quota_error(violations, wait, model);

  page.today += cost.requests;
  page.last_minute.push_back({now, cost});
  return std::nullopt;
}

}  // namespace gembal::sandbox
