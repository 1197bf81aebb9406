#include "tests/simulation/simulation.hpp"

#include <algorithm>

#include "tests/simulation/clients.hpp"

namespace gembal::simulation {
namespace {

/// Among projects of equal quotas and with as many keys, which all live throughout: what is limited
/// is the project, and which of its keys is used makes no difference to anyone.
double unfairness(const Scenario& scenario, const std::vector<std::size_t>& delivered) {
  struct Share {
    std::size_t keys = 0;
    std::size_t delivered = 0;
    bool lives = true;
  };
  std::vector<Share> shares(scenario.projects.size());
  for (std::size_t key = 0; key < scenario.keys.size(); ++key) {
    auto& share = shares[scenario.keys[key].project];
    ++share.keys;
    share.delivered += delivered[key];
    share.lives = share.lives && scenario.keys[key].leaks_at == kNever;
  }
  double worst = 1;
  for (std::size_t a = 0; a < shares.size(); ++a) {
    for (std::size_t b = 0; b < shares.size(); ++b) {
      if (!shares[a].lives || !shares[b].lives || shares[a].keys != shares[b].keys) continue;
      if (scenario.projects[a].quotas != scenario.projects[b].quotas) continue;
      worst =
          std::max(worst, static_cast<double>(shares[a].delivered) /
                              static_cast<double>(std::max<std::size_t>(shares[b].delivered, 1)));
    }
  }
  return worst;
}

}  // namespace

const char* to_string(Client client) {
  switch (client) {
    case Client::gembal: return "gembal";
    case Client::plain_rotation: return "plain rotation";
  }
  return "unknown";
}

void Stage::call(std::size_t key, const Request& request,
                 std::function<void(const World::Reply&)> arrived) {
  ++result.calls;
  world.expect(key, request.model, request.tokens);
  time.after(between(15, 120), [this, key, &request, arrived = std::move(arrived)] {
    auto reply = world.ask(key, request.model, request.tokens, time.now());
    if (reply.refused_key) ++result.wasted;
    // A refusal comes at once, content after some thinking.
    const auto thinking = reply.status == 200 ? between(400, 3'000) : between(30, 150);
    time.after(thinking, [this, key, &request, arrived, reply = std::move(reply)] {
      if (reply.status != 200) world.expect_no_more(key, request.model, request.tokens);
      arrived(reply);
    });
  });
}

void Stage::refuse(const Request& request) {
  ++result.refused;
  if (world.has_idle_quota(request.model, request.tokens, time.now())) ++result.refused_needlessly;
}

void Stage::deliver(std::size_t key) {
  ++result.delivered;
  ++result.delivered_by_key[key];
}

void Stage::disable(std::size_t key) {
  if (!world.is_dead(key, time.now())) ++result.disabled_wrongly;
}

Result simulate(const Scenario& scenario, Client client) {
  const auto requests = traffic(scenario);
  Result result;
  result.offered = requests.size();
  result.feasible = feasible(scenario, requests);
  result.delivered_by_key.resize(scenario.keys.size());
  Timeline time(start_of_simulations());
  World world(scenario);
  Random random(scenario.seed + 1);
  Stage stage{scenario, time, world, random, result};
  const auto server = client == Client::gembal ? make_gembal(stage) : make_plain_rotation(stage);
  // Each arrival plans the next: the heap stays small.
  std::function<void(std::size_t)> arrive = [&](std::size_t i) {
    if (i + 1 < requests.size()) time.at(requests[i + 1].at, [&arrive, i] { arrive(i + 1); });
    server->serve(requests[i]);
  };
  if (!requests.empty()) time.at(requests.front().at, [&arrive] { arrive(0); });
  time.run();
  result.unfairness = unfairness(scenario, result.delivered_by_key);
  return result;
}

}  // namespace gembal::simulation
