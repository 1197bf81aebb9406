#include "tests/simulation/scenario.hpp"

namespace gembal::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Quota kNothing{0, 0, 0, true};
constexpr Quota kFlash{10, 250'000, 250};
constexpr Quota kNewestFlash{10, 250'000, 20};
constexpr Quota kPaidFlash{1'000, 1'000'000, 10'000};
constexpr Quota kPaidPro{150, 2'000'000, 1'000};

std::size_t add_project(Scenario& scenario, std::vector<Quota> quotas, bool paid = false) {
  scenario.projects.push_back({std::move(quotas), paid});
  return scenario.projects.size() - 1;
}

KeyPlan& add_key(Scenario& scenario, std::size_t project) {
  KeyPlan key;
  key.secret = Secret("simulated-key-" + std::to_string(scenario.keys.size()));
  key.project = project;
  scenario.keys.push_back(key);
  return scenario.keys.back();
}

/// So many keys, each of a project of its own, with one model.
Scenario of_free_keys(std::string name, int count, const std::string& model, const Quota& quota,
                      double demand) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.models = {model};
  for (int i = 0; i < count; ++i) add_key(scenario, add_project(scenario, {quota}));
  Demand its;
  its.per_day = demand * count * quota.requests_per_day;
  scenario.demand = {its};
  return scenario;
}

Scenario short_of_quota() {
  auto scenario =
      of_free_keys("20 free keys, quota for the day is short", 20, "gemini-2.5-flash", kFlash, 1.5);
  scenario.demand[0].burst = 150;
  return scenario;
}

Scenario newest_flash() {
  auto scenario =
      of_free_keys("the newest flash: 20 a day", 60, "gemini-3.5-flash", kNewestFlash, 1.5);
  scenario.days = 5;
  return scenario;
}

Scenario of_projects(std::string name, bool named) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.models = {"gemini-2.5-flash"};
  for (int i = 0; i < 10; ++i) {
    const auto project = add_project(scenario, {kFlash});
    for (int j = 0; j < 3; ++j) add_key(scenario, project).names_project = named;
  }
  Demand demand;
  demand.per_day = 1.5 * 10 * kFlash.requests_per_day;
  scenario.demand = {demand};
  return scenario;
}

Scenario paid_and_free() {
  Scenario scenario;
  scenario.name = "paid and free";
  scenario.models = {"gemini-2.5-flash", "gemini-2.5-pro"};
  for (int i = 0; i < 12; ++i) add_key(scenario, add_project(scenario, {kFlash, kNothing}));
  for (int i = 0; i < 2; ++i)
    add_key(scenario, add_project(scenario, {kPaidFlash, kPaidPro}, true));
  Demand flash;
  flash.per_day = 8'000;
  flash.burst = 200;
  flash.too_large = 0.002;
  Demand pro;
  pro.per_day = 1'200;
  scenario.demand = {flash, pro};
  return scenario;
}

Scenario overloaded_model() {
  auto scenario =
      of_free_keys("a model is overloaded for an hour", 20, "gemini-2.5-flash", kFlash, 0.6);
  const auto day = start_of_simulations() + hours{24};
  scenario.outages = {
      {0, day + hours{12}, day + hours{13}, Outage::Kind::overloaded},
      {0, day + hours{18}, day + hours{18} + minutes{20}, Outage::Kind::refuses_barely}};
  return scenario;
}

Scenario dead_keys() {
  auto scenario = of_free_keys("a third of the keys is dead", 21, "gemini-2.5-flash", kFlash, 0.6);
  for (std::size_t i = 0; i < 5; ++i) scenario.keys[i].leaks_at = start_of_simulations();
  scenario.keys[11].leaks_at = start_of_simulations() + hours{30};
  scenario.keys[12].leaks_at = start_of_simulations() + hours{31};
  return scenario;
}

Scenario blocked_exit() {
  auto scenario =
      of_free_keys("the exit is blocked for ten minutes", 20, "gemini-2.5-flash", kFlash, 0.6);
  const auto noon = start_of_simulations() + hours{36};
  scenario.blocks = {{noon, noon + minutes{10}}};
  return scenario;
}

Scenario bursts() {
  auto scenario = of_free_keys("bursts at the minute limits, waiting 30 s", 20, "gemini-2.5-flash",
                               {10, 250'000, 1'000}, 0.8);
  scenario.demand[0].bursts_per_day = 24;
  scenario.demand[0].burst = 320;  // 200 can be served at once
  scenario.max_wait = seconds{30};
  return scenario;
}

Scenario too_large_requests() {
  auto scenario = of_free_keys("some requests are larger than any key takes", 20,
                               "gemini-2.5-flash", kFlash, 0.8);
  scenario.demand[0].too_large = 0.005;
  return scenario;
}

Scenario late_midnight() {
  auto scenario = of_free_keys("upstream's midnight comes a minute late", 20, "gemini-3.5-flash",
                               kNewestFlash, 1.5);
  scenario.days = 5;
  scenario.demand[0].wave = 0;
  scenario.demand[0].bursts_per_day = 0;
  scenario.day_lag = minutes{1};
  scenario.midnight_rush = 30;
  return scenario;
}

Scenario large_contexts() {
  auto scenario = of_free_keys("bursts at the limit of tokens, waiting 30 s", 20,
                               "gemini-2.5-flash", {10, 250'000, 1'000}, 0.3);
  scenario.demand[0].first_tokens = 35'000;
  scenario.demand[0].burst = 120;
  scenario.demand[0].bursts_per_day = 24;
  scenario.max_wait = seconds{30};
  return scenario;
}

Scenario unknown_tiers() {
  auto scenario = of_free_keys("a few keys have more quota, which nobody told", 20,
                               "gemini-2.5-flash", kFlash, 1.5);
  for (std::size_t i = 5; i < 20; i += 5) scenario.projects[i].quotas[0] = {100, 1'000'000, 1'500};
  scenario.demand[0].burst = 300;
  return scenario;
}

Scenario few_keys_blocked() {
  auto scenario =
      of_free_keys("three keys, the exit is blocked", 3, "gemini-2.5-flash", kFlash, 0.8);
  const auto noon = start_of_simulations() + hours{36};
  scenario.blocks = {{noon, noon + minutes{10}}};
  return scenario;
}

}  // namespace

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all = {
      short_of_quota(),
      newest_flash(),
      of_projects("projects of three keys", true),
      of_projects("projects of three keys, which nobody told", false),
      paid_and_free(),
      overloaded_model(),
      dead_keys(),
      blocked_exit(),
      bursts(),
      too_large_requests(),
      late_midnight(),
      large_contexts(),
      unknown_tiers(),
      few_keys_blocked(),
  };
  for (std::size_t i = 0; i < all.size(); ++i) all[i].seed = 100 + i;
  return all;
}

}  // namespace gembal::simulation
