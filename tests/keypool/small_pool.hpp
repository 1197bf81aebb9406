#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/keypool/key_pool.hpp"

namespace gembal::keypool {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline const TimePoint kNoon = *parse_iso8601("2026-11-24T20:00:00Z");  // in Los Angeles

inline Key key(const std::string& name, const std::string& project = "") {
  Key made;
  made.secret = Secret(name);
  made.id = made.secret.id();
  made.project = project;
  return made;
}

/// "key-1", "key-2", …
inline std::vector<Key> keys(int count) {
  std::vector<Key> made;
  for (int i = 1; i <= count; ++i) made.push_back(key("key-" + std::to_string(i)));
  return made;
}

inline std::string id(const std::string& name) { return Secret(name).id(); }

inline Verdict verdict(Outcome outcome, std::optional<Milliseconds> delay = std::nullopt) {
  Verdict made;
  made.outcome = outcome;
  made.delay = delay;
  made.reason = to_string(outcome);
  return made;
}

/// A pool, and short ways to use it.
struct Pool {
  explicit Pool(std::vector<Key> all, Policy policy = {}) : pool(std::move(policy)) {
    pool.replace(std::move(all), kNoon);
  }

  Result<Lease> take(std::string_view model = "m", TimePoint now = kNoon,
                     std::vector<std::string> tried = {}) {
    Wish wish;
    wish.model = model;
    wish.goes_on = !tried.empty();
    wish.tried = std::move(tried);
    return pool.take(wish, now);
  }
  /// The name of the next key, or the kind of error.
  std::string next(std::string_view model = "m", TimePoint now = kNoon,
                   std::vector<std::string> tried = {}) {
    return name_of(take(model, now, std::move(tried)));
  }
  static std::string name_of(const Result<Lease>& lease) {
    return lease ? (*lease)->secret.reveal() : std::string(to_string(lease.error().kind));
  }
  /// The names of so many next keys: "key-1 key-2".
  std::string next_few(int count, std::string_view model = "m", TimePoint now = kNoon) {
    std::string names;
    for (int i = 0; i < count; ++i) names += (i > 0 ? " " : "") + next(model, now);
    return names;
  }
  /// Reports on one use of that key, in or out of its turn.
  Report report_for(const std::string& name, const Verdict& what, TimePoint now = kNoon,
                    std::string_view model = "m", Way way = {}) {
    Wish wish;
    wish.model = model;
    auto lease = pool.take_owner(id(name), "", wish, now);
    EXPECT_TRUE(lease) << name;
    return lease ? pool.report(*lease, what, now, way) : Report{};
  }
  /// The key as it is now.
  Key known(const std::string& name, TimePoint now = kNoon) const {
    for (auto& report : pool.snapshot(now)) {
      if (report.key.id == id(name)) return report.key;
    }
    ADD_FAILURE() << name << " is not in the pool";
    return {};
  }
  /// Why it waits for a model ("PerDay"), "" when it does not.
  std::string waits(const std::string& name, std::string_view model = "m",
                    TimePoint now = kNoon) const {
    for (const auto& report : pool.snapshot(now)) {
      if (report.key.id != id(name)) continue;
      for (const auto& state : report.models) {
        if (state.model == model) return state.reason.empty() ? "?" : state.reason;
      }
    }
    return "";
  }
  Prospect prospect(const std::string& name, TimePoint now = kNoon, std::string_view model = "m") {
    for (auto& one : pool.prospects(model, now)) {
      if (one.key.id == id(name)) return one;
    }
    ADD_FAILURE() << name << " is not in the pool";
    return {};
  }

  KeyPool pool;
};

}  // namespace gembal::keypool
