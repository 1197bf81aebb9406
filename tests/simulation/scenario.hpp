#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "lib/core/secret.hpp"
#include "lib/core/time.hpp"

namespace gembal::simulation {

using Random = std::mt19937_64;

constexpr TimePoint kNever = TimePoint::max();

/// What upstream allows a project for one model. Zero: as much as one likes.
struct Quota {
  std::uint32_t requests_per_minute = 0;
  std::uint64_t tokens_per_minute = 0;  ///< of input
  std::uint32_t requests_per_day = 0;
  bool is_none = false;  ///< "limit: 0": the model is not for this project

  friend bool operator==(const Quota&, const Quota&) = default;
};

struct ProjectPlan {
  std::vector<Quota> quotas;  ///< by model
  bool paid = false;
};

struct KeyPlan {
  Secret secret;
  std::size_t project = 0;
  TimePoint leaks_at = kNever;  ///< from then on it is refused as leaked
  bool names_project = false;   ///< its owner told the project
};

/// A model that nobody is served by for a while.
struct Outage {
  enum class Kind { overloaded, refuses_barely };  ///< 503; 429 without details
  std::size_t model = 0;
  TimePoint from{};
  TimePoint to{};
  Kind kind = Kind::overloaded;
};

/// A time when upstream refuses the address that everything comes from.
struct ExitBlock {
  TimePoint from{};
  TimePoint to{};
};

/// How often a model is asked for.
struct Demand {
  double per_day = 0;                  ///< requests
  double wave = 0.6;                   ///< how much more than the mean the busiest hour has
  double bursts_per_day = 4;           ///< times when many come at once
  int burst = 0;                       ///< so many, within ten seconds
  double turns = 3;                    ///< of a conversation, on average
  std::uint32_t first_tokens = 1'500;  ///< of a first turn, on average
  double too_large = 0;  ///< share of requests with more than any key takes in a minute
};

struct Scenario {
  std::string name;
  std::vector<std::string> models;
  std::vector<ProjectPlan> projects;
  std::vector<KeyPlan> keys;
  std::vector<Demand> demand;  ///< by model
  std::vector<Outage> outages;
  std::vector<ExitBlock> blocks;
  int days = 3;
  Milliseconds max_wait{};
  Milliseconds day_lag{1500};  ///< by which upstream's day begins after ours: no two clocks agree
  int midnight_rush = 0;       ///< requests of each model in the first minute of each day, besides
  double broken = 0.002;       ///< share of calls that end in a 500
  std::uint64_t seed = 1;
};

/// When every simulation begins: at a midnight of the quota day.
TimePoint start_of_simulations();

/// Those whose results ARCHITECTURE.md tells.
std::vector<Scenario> scenarios();

/// One request that a client makes.
struct Request {
  TimePoint at{};
  std::size_t model = 0;
  std::uint32_t tokens = 0;          ///< of input
  std::uint32_t guessed_tokens = 0;  ///< what is known of that before upstream has counted
  std::uint64_t conversation = 0;
  bool continues = false;
};

/// What all clients ask for, in the order of time: always the same for one scenario.
std::vector<Request> traffic(const Scenario& scenario);

/// How many of the requests could be served by one who knows everything in advance: an upper bound.
///
/// The projects' quotas are thrown together, as if every request could be cut to fit whatever is
/// left: per model, at most the sum of the requests per minute in any 60 s and the sum of the
/// requests per day in each quota day, of projects with a living key. Requests are served first
/// come first served at the first moment that these sums allow, waiting up to the scenario's
/// max_wait: requests count one each, so no other order serves more. Left out are requests that are
/// larger than the greatest limit of tokens per minute, and those that an outage of the model or
/// the exit does not let through for longer than patience with retries reaches. Tokens per minute,
/// which key a request needs and all delays are ignored, so that nobody, however clever, can serve
/// more.
std::size_t feasible(const Scenario& scenario, const std::vector<Request>& requests);

}  // namespace gembal::simulation
