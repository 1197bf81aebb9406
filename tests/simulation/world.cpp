#include "tests/simulation/world.hpp"

#include <algorithm>

namespace gembal::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kMinute = seconds{60};
constexpr auto kNotIdleYet = seconds{2};
constexpr auto kNotIdleYetAfterMidnight = seconds{20};

std::string error_body(int code, const std::string& status, const std::string& message,
                       const std::string& details = "") {
  std::string body = R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message +
                     R"(","status":")" + status + '"';
  if (!details.empty()) body += R"(,"details":[)" + details + "]";
  return body + "}}";
}

std::string seconds_text(Milliseconds time) {
  const auto fraction = std::to_string(1000 + time.count() % 1000);
  return std::to_string(time.count() / 1000) + "." + fraction.substr(1) + "s";
}

}  // namespace

World::World(const Scenario& scenario)
    : scenario_(scenario),
      meters_(scenario.projects.size() * scenario.models.size()),
      day_ends_(next_pacific_midnight(start_of_simulations()) + scenario.day_lag),
      random_(scenario.seed * 7919 + 1) {}

void World::begin_day(TimePoint now) {
  if (now < day_ends_) return;
  day_began_ = day_ends_;
  day_ends_ = next_pacific_midnight(now - scenario_.day_lag) + scenario_.day_lag;
  for (auto& meter : meters_) meter.today = 0;
}

bool World::is_blocked(TimePoint now) const {
  return std::any_of(scenario_.blocks.begin(), scenario_.blocks.end(),
                     [now](const auto& block) { return block.from <= now && now < block.to; });
}

World::Spent World::spent(Meter& meter, const Quota& quota, std::uint32_t tokens,
                          TimePoint now) const {
  while (!meter.uses.empty() && meter.uses.front().at + kMinute + kNotIdleYet <= now) {
    meter.tokens -= meter.uses.front().tokens;
    meter.uses.pop_front();
  }
  auto requests = meter.uses.size();
  auto used = meter.tokens;
  auto oldest = meter.uses.begin();
  const auto drop = [&] {
    --requests;
    used -= oldest++->tokens;
  };
  while (oldest != meter.uses.end() && oldest->at + kMinute <= now) drop();

  Spent result;
  result.day = quota.requests_per_day > 0 && meter.today >= quota.requests_per_day;
  const auto too_many = [&] {
    return quota.requests_per_minute > 0 && requests >= quota.requests_per_minute;
  };
  const auto too_much = [&] {
    return quota.tokens_per_minute > 0 && used + tokens > quota.tokens_per_minute;
  };
  result.minute = too_many();
  result.tokens = too_much();
  result.delay = kMinute;
  while ((too_many() || too_much()) && oldest != meter.uses.end()) {
    result.delay = std::chrono::ceil<Milliseconds>(oldest->at + kMinute - now);
    drop();
  }
  return result;
}

World::Reply World::quota_error(const Quota& quota, bool paid, const std::string& model,
                                const Spent& spent, TimePoint now) const {
  const std::string tier = paid ? "paid" : "free";
  const std::string suffix = paid ? "-PaidTier" : "-FreeTier";
  const std::string metric =
      "generativelanguage.googleapis.com/generate_content_" + tier + "_tier_";
  std::string message =
      "You exceeded your current quota, please check your plan and billing details.";
  std::string violations;
  const auto add = [&](const std::string& what, const std::string& id, std::uint64_t limit) {
    message += "\\n* Quota exceeded for metric: " + metric + what +
               ", limit: " + std::to_string(limit) + ", model: " + model;
    if (!violations.empty()) violations += ',';
    violations += R"({"quotaMetric":")" + metric + what + R"(","quotaId":")" + id + suffix +
                  R"(","quotaDimensions":{"location":"global","model":")" + model + R"("})";
    if (limit > 0) violations += R"(,"quotaValue":")" + std::to_string(limit) + '"';
    violations += '}';
  };
  if (spent.minute || quota.is_none)
    add("requests", "GenerateRequestsPerMinutePerProjectPerModel", quota.requests_per_minute);
  if (spent.tokens)
    add("input_token_count", "GenerateContentInputTokensPerModelPerMinute",
        quota.tokens_per_minute);
  if (spent.day || quota.is_none)
    add("requests", "GenerateRequestsPerDayPerProjectPerModel", quota.requests_per_day);
  auto delay = spent.delay;
  // The API does that: a day's quota that is used up comes with the seconds to the next minute.
  if (spent.day || quota.is_none) delay = milliseconds{60'000 - to_unix_milliseconds(now) % 60'000};
  message += "\\nPlease retry in " + seconds_text(delay) + ".";
  return {
      429,
      error_body(429, "RESOURCE_EXHAUSTED", message,
                 R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[)" +
                     violations +
                     R"(]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
                     std::to_string(delay.count() / 1000) + R"(s"})"),
      true};
}

void World::expect(std::size_t key, std::size_t model, std::uint32_t tokens) {
  auto& its = meter(scenario_.keys[key].project, model);
  ++its.expected;
  its.expected_tokens += tokens;
}

void World::expect_no_more(std::size_t key, std::size_t model, std::uint32_t tokens) {
  auto& its = meter(scenario_.keys[key].project, model);
  --its.expected;
  its.expected_tokens -= tokens;
}

World::Reply World::ask(std::size_t key, std::size_t model, std::uint32_t tokens, TimePoint now) {
  begin_day(now);
  const auto& plan = scenario_.keys[key];
  const auto& project = scenario_.projects[plan.project];
  auto& its = meter(plan.project, model);
  if (is_blocked(now))
    return {400, error_body(400, "FAILED_PRECONDITION",
                            "User location is not supported for the API use.")};
  if (is_dead(key, now))
    return {403,
            error_body(403, "PERMISSION_DENIED",
                       "Your API key was reported as leaked. Please use another API key."),
            true};
  const auto& quota = project.quotas[model];
  if (quota.is_none) return quota_error(quota, project.paid, scenario_.models[model], {}, now);
  for (const auto& outage : scenario_.outages) {
    if (outage.model != model || now < outage.from || now >= outage.to) continue;
    if (outage.kind == Outage::Kind::overloaded)
      return {503,
              error_body(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")};
    return {429, error_body(429, "RESOURCE_EXHAUSTED",
                            "Resource has been exhausted (e.g. check quota).")};
  }
  const auto over = spent(its, quota, tokens, now);
  if (over.minute || over.tokens || over.day)
    return quota_error(quota, project.paid, scenario_.models[model], over, now);
  if (std::uniform_real_distribution<>(0, 1)(random_) < scenario_.broken)
    return {500, error_body(500, "INTERNAL", "An internal error has occurred. Please retry.")};
  expect_no_more(key, model, tokens);
  its.uses.push_back({now, tokens});
  its.tokens += tokens;
  ++its.today;
  return {};
}

bool World::has_idle_quota(std::size_t model, std::uint32_t tokens, TimePoint now) {
  begin_day(now);
  if (is_blocked(now) || now - day_began_ < kNotIdleYetAfterMidnight) return false;
  for (const auto& outage : scenario_.outages) {
    if (outage.model == model && outage.from <= now && now < outage.to + kNotIdleYet) return false;
  }
  for (std::size_t key = 0; key < scenario_.keys.size(); ++key) {
    const auto project = scenario_.keys[key].project;
    const auto& quota = scenario_.projects[project].quotas[model];
    if (is_dead(key, now) || quota.is_none) continue;
    auto& its = meter(project, model);
    // All that spent() has kept counts: that is the last 62 s.
    (void)spent(its, quota, tokens, now);
    const auto fits = [](std::uint64_t used, std::uint64_t limit) {
      return limit == 0 || used <= limit;
    };
    if (fits(its.uses.size() + its.expected + 1, quota.requests_per_minute) &&
        fits(its.today + its.expected + 1, quota.requests_per_day) &&
        fits(its.tokens + its.expected_tokens + tokens, quota.tokens_per_minute))
      return true;
  }
  return false;
}

}  // namespace gembal::simulation
