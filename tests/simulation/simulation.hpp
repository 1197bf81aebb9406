#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/scenario.hpp"

namespace gembal::simulation {

enum class Client {
  gembal,          ///< KeyPool and RetryPlan, as the dispatcher uses them
  plain_rotation,  ///< a cycle over all keys and a count of failures
};

const char* to_string(Client client);

/// What became of a scenario's requests.
struct Result {
  std::size_t offered = 0;
  std::size_t feasible = 0;  ///< see there
  std::size_t delivered = 0;
  std::size_t calls = 0;               ///< to upstream, with checks of keys
  std::size_t wasted = 0;              ///< calls that were refused for the key or its quota
  std::size_t refused = 0;             ///< requests that ended for want of a key or of quota
  std::size_t refused_needlessly = 0;  ///< of these: while some key had idle quota
  std::size_t failed = 0;              ///< requests that ended in another error
  std::size_t disabled_wrongly = 0;    ///< times that a living key was taken out of use
  double unfairness = 1;               ///< the most that one of equal keys served, over the least
  std::vector<std::size_t> delivered_by_key{};

  double goodput() const { return share(delivered, feasible); }
  double waste() const { return share(wasted, calls); }
  double calls_per_delivered() const { return share(calls, delivered); }

 private:
  static double share(std::size_t part, std::size_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

/// Runs a scenario. The same scenario always has the same result.
Result simulate(const Scenario& scenario, Client client);

}  // namespace gembal::simulation
