#pragma once

#include <memory>

#include "tests/simulation/simulation.hpp"
#include "tests/simulation/timeline.hpp"
#include "tests/simulation/world.hpp"

namespace gembal::simulation {

/// What a client works in. Everything outlives it.
struct Stage {
  const Scenario& scenario;
  Timeline& time;
  World& world;
  Random& random;
  Result& result;

  double uniform(double from, double to) {
    return std::uniform_real_distribution<>(from, to)(random);
  }
  double exponential(double mean) { return std::exponential_distribution<>(1 / mean)(random); }
  Milliseconds between(double from, double to) {
    return Milliseconds{static_cast<std::int64_t>(uniform(from, to))};
  }

  /// Sends a call that arrives a little later; `arrived` gets the reply's beginning.
  void call(std::size_t key, const Request& request,
            std::function<void(const World::Reply&)> arrived);
  /// A request ends for want of a key or of quota.
  void refuse(const Request& request);
  /// A request's answer has begun.
  void deliver(std::size_t key);
  /// The client takes a key out of use.
  void disable(std::size_t key);
};

/// Serves requests in one way.
class Server {
 public:
  virtual ~Server() = default;
  virtual void serve(const Request& request) = 0;
};

std::unique_ptr<Server> make_gembal(Stage& stage);
std::unique_ptr<Server> make_plain_rotation(Stage& stage);

}  // namespace gembal::simulation
