#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/scenario.hpp"

namespace gembal::simulation {

/// Upstream as it really is, which nobody in front of it knows: true quotas in sliding windows,
/// dead keys, outages. Answers with the bodies that the API sends.
class World {
 public:
  explicit World(const Scenario& scenario);

  struct Reply {
    int status = 200;
    std::string body;          ///< of an error
    bool refused_key = false;  ///< an error that the key or its quota is the reason for
  };

  /// A call that arrives. What is refused counts against no quota.
  Reply ask(std::size_t key, std::size_t model, std::uint32_t tokens, TimePoint now);

  /// A call is on its way, and will arrive: what it needs is no idle quota, until its sender knows
  /// that it was refused.
  void expect(std::size_t key, std::size_t model, std::uint32_t tokens);
  void expect_no_more(std::size_t key, std::size_t model, std::uint32_t tokens);

  /// Whether some key could serve such a request, and could have two seconds ago (twenty after
  /// midnight): neither clocks nor networks are exact, and quota that has just come back is not
  /// idle.
  bool has_idle_quota(std::size_t model, std::uint32_t tokens, TimePoint now);

  bool is_dead(std::size_t key, TimePoint now) const { return now >= scenario_.keys[key].leaks_at; }
  bool is_blocked(TimePoint now) const;

 private:
  struct Use {
    TimePoint at{};
    std::uint32_t tokens = 0;
  };
  /// Of one project for one model.
  struct Meter {
    std::deque<Use> uses;  ///< of the last 62 s
    std::uint64_t tokens = 0;
    std::uint32_t today = 0;
    std::uint32_t expected = 0;
    std::uint64_t expected_tokens = 0;
  };
  struct Spent {
    bool minute = false;
    bool tokens = false;
    bool day = false;
    Milliseconds delay{};
  };

  Meter& meter(std::size_t project, std::size_t model) {
    return meters_[project * scenario_.models.size() + model];
  }
  void begin_day(TimePoint now);
  Spent spent(Meter& meter, const Quota& quota, std::uint32_t tokens, TimePoint now) const;
  Reply quota_error(const Quota& quota, bool paid, const std::string& model, const Spent& spent,
                    TimePoint now) const;

  const Scenario& scenario_;
  std::vector<Meter> meters_;
  TimePoint day_ends_{};
  TimePoint day_began_{};
  Random random_;
};

}  // namespace gembal::simulation
