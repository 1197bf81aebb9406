#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <numbers>

#include "tests/simulation/scenario.hpp"

namespace gembal::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kDayMs = 24.0 * 3600 * 1000;
constexpr double kMostFirstTokens = 120'000;
constexpr std::uint32_t kTooLargeTokens = 400'000;
constexpr auto kPatience = seconds{2};            // the way there, and another key
constexpr auto kPatienceOfRetries = seconds{10};  // all pauses of RetryPlan with three retries

class Traffic {
 public:
  explicit Traffic(const Scenario& scenario) : scenario_(scenario), random_(scenario.seed) {}

  std::vector<Request> make() {
    for (std::size_t model = 0; model < scenario_.models.size(); ++model) {
      for (int day = 0; day < scenario_.days; ++day) make_day(model, day);
    }
    const auto end = start_of_simulations() + hours{24} * scenario_.days;
    std::erase_if(requests_, [end](const Request& request) { return request.at >= end; });
    std::stable_sort(requests_.begin(), requests_.end(),
                     [](const Request& a, const Request& b) { return a.at < b.at; });
    return std::move(requests_);
  }

 private:
  double uniform(double from, double to) {
    return std::uniform_real_distribution<>(from, to)(random_);
  }
  double exponential(double mean) { return std::exponential_distribution<>(1 / mean)(random_); }

  /// Conversations begin as a Poisson process whose rate has a daily wave; bursts come besides.
  void make_day(std::size_t model, int day) {
    const auto& demand = scenario_.demand[model];
    const auto midnight = start_of_simulations() + hours{24} * day;
    const double in_bursts = demand.bursts_per_day * demand.burst;
    const double conversations = std::max(demand.per_day - in_bursts, 0.0) / demand.turns;
    const double peak = conversations * (1 + demand.wave);
    for (double at = 0; peak > 0;) {
      at += exponential(kDayMs / peak);
      if (at >= kDayMs) break;
      const double wave = 1 - demand.wave * std::cos(2 * std::numbers::pi * at / kDayMs);
      if (uniform(0, 1 + demand.wave) < wave) converse(model, midnight + time(at), demand.turns);
    }
    for (int i = 0; i < scenario_.midnight_rush; ++i)
      converse(model, midnight + time(uniform(0, 60'000)), 1);
    for (int i = 0; i < static_cast<int>(demand.bursts_per_day); ++i) {
      const auto at = midnight + time(uniform(0, kDayMs - 20'000));
      for (int j = 0; j < demand.burst; ++j) converse(model, at + time(uniform(0, 10'000)), 1);
    }
  }

  static milliseconds time(double ms) { return milliseconds{static_cast<std::int64_t>(ms)}; }

  void converse(std::size_t model, TimePoint at, double turns) {
    const auto& demand = scenario_.demand[model];
    Request request;
    request.model = model;
    request.conversation = random_() | 1;
    double tokens = 20 + std::min(exponential(demand.first_tokens), kMostFirstTokens);
    const bool is_too_large = demand.too_large > 0 && uniform(0, 1) < demand.too_large;
    do {
      request.at = at;
      request.tokens = is_too_large ? kTooLargeTokens : static_cast<std::uint32_t>(tokens);
      request.guessed_tokens = static_cast<std::uint32_t>(request.tokens * uniform(0.8, 1.25));
      requests_.push_back(request);
      request.continues = true;
      at += time(15'000 + exponential(45'000));
      tokens += uniform(200, 1'500);
    } while (!is_too_large && uniform(0, 1) > 1 / turns);
  }

  const Scenario& scenario_;
  Random random_;
  std::vector<Request> requests_;
};

/// What all projects together may serve of one model.
class Together {
 public:
  Together(const Scenario& scenario, std::size_t model) : scenario_(scenario), model_(model) {}

  /// Serves one more at the first moment after `from`; false when that is after `until`.
  bool serve(TimePoint from, TimePoint until) {
    auto at = std::max(from, latest_);
    while (at <= until) {
      if (const auto free = free_from(at); free > at) {
        at = free;
        continue;
      }
      latest_ = at;
      served_.push_back(at);
      ++today_;
      return true;
    }
    return false;
  }

 private:
  struct Sum {
    std::uint64_t per_minute = 0;
    std::uint64_t per_day = 0;
  };

  /// Of the projects that have had a living key after `since`.
  Sum sum(TimePoint since) const {
    std::vector<bool> lives(scenario_.projects.size(), false);
    for (const auto& key : scenario_.keys) {
      if (key.leaks_at > since) lives[key.project] = true;
    }
    Sum sum;
    const auto add = [](std::uint64_t& to, const Quota& quota, std::uint64_t limit) {
      if (quota.is_none || to == UINT64_MAX) return;
      to = limit == 0 ? UINT64_MAX : to + limit;
    };
    for (std::size_t i = 0; i < lives.size(); ++i) {
      if (!lives[i]) continue;
      const auto& quota = scenario_.projects[i].quotas[model_];
      add(sum.per_minute, quota, quota.requests_per_minute);
      add(sum.per_day, quota, quota.requests_per_day);
    }
    return sum;
  }

  TimePoint free_from(TimePoint at) {
    for (const auto& outage : scenario_.outages) {
      if (outage.model == model_ && outage.from <= at && at < outage.to) return outage.to;
    }
    for (const auto& block : scenario_.blocks) {
      if (block.from <= at && at < block.to) return block.to;
    }
    if (at >= day_ends_) {
      const auto day_began = std::max(day_ends_, start_of_simulations());
      day_ends_ = next_pacific_midnight(at);
      per_day_ = sum(day_began).per_day;
      today_ = 0;
    }
    if (today_ >= per_day_) return day_ends_;
    if (at >= sum_until_) {
      per_minute_ = sum(at - seconds{60}).per_minute;
      sum_until_ = at + seconds{10};  // exact enough: deaths are rare
    }
    while (!served_.empty() && served_.front() + seconds{60} <= at) served_.pop_front();
    if (served_.size() < per_minute_) return at;
    if (per_minute_ == 0) return kNever;
    return served_[served_.size() - per_minute_] + seconds{60};
  }

  const Scenario& scenario_;
  std::size_t model_;
  std::deque<TimePoint> served_;
  TimePoint latest_{};
  TimePoint day_ends_{};
  TimePoint sum_until_{};
  std::uint64_t per_minute_ = 0;
  std::uint64_t per_day_ = 0;
  std::uint64_t today_ = 0;
};

std::uint64_t largest_request(const Scenario& scenario, std::size_t model) {
  std::uint64_t largest = 0;
  for (const auto& project : scenario.projects) {
    const auto& quota = project.quotas[model];
    if (quota.is_none) continue;
    largest =
        std::max(largest, quota.tokens_per_minute == 0 ? UINT64_MAX : quota.tokens_per_minute);
  }
  return largest;
}

}  // namespace

TimePoint start_of_simulations() { return *parse_iso8601("2026-06-01T07:00:00Z"); }

std::vector<Request> traffic(const Scenario& scenario) { return Traffic(scenario).make(); }

std::size_t feasible(const Scenario& scenario, const std::vector<Request>& requests) {
  std::vector<Together> models;
  std::vector<std::uint64_t> largest;
  for (std::size_t model = 0; model < scenario.models.size(); ++model) {
    models.emplace_back(scenario, model);
    largest.push_back(largest_request(scenario, model));
  }
  std::size_t count = 0;
  for (const auto& request : requests) {
    if (request.tokens > largest[request.model]) continue;
    const auto is_out = [&](TimePoint at) {
      const auto holds = [at](const auto& window) { return window.from <= at && at < window.to; };
      return std::any_of(scenario.blocks.begin(), scenario.blocks.end(), holds) ||
             std::any_of(scenario.outages.begin(), scenario.outages.end(), [&](const auto& outage) {
               return outage.model == request.model && holds(outage);
             });
    };
    const auto patience = scenario.max_wait + (is_out(request.at) ? kPatienceOfRetries : kPatience);
    if (models[request.model].serve(request.at, request.at + patience)) ++count;
  }
  return count;
}

}  // namespace gembal::simulation
