// Prints how the pool and a plain rotation fare in each scenario, as a table in Markdown.

#include <cstdio>

#include "tests/simulation/simulation.hpp"

using namespace gembal::simulation;

int main() {
  std::puts(
      "| scenario | client | offered | feasible | delivered | of feasible | calls wasted | refused "
      "| of these, while a key had quota | calls per delivered | unfairness | failed otherwise "
      "| living keys disabled |");
  std::puts("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
  for (const auto& scenario : scenarios()) {
    for (const auto client : {Client::gembal, Client::plain_rotation}) {
      const auto result = simulate(scenario, client);
      std::printf(
          "| %s | %s | %zu | %zu | %zu | %.1f %% | %.2f %% | %zu | %zu | %.2f | %.2f "
          "| %zu | %zu |\n",
          client == Client::gembal ? scenario.name.c_str() : "", to_string(client), result.offered,
          result.feasible, result.delivered, 100 * result.goodput(), 100 * result.waste(),
          result.refused, result.refused_needlessly, result.calls_per_delivered(),
          result.unfairness, result.failed, result.disabled_wrongly);
    }
  }
}
