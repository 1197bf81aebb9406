#include "daemon/owning.hpp"

#include "daemon/store_writer.hpp"

namespace gembal::daemon {
namespace {

constexpr auto kPatience = std::chrono::seconds{2};
constexpr auto kDay = std::chrono::hours{24};

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

}  // namespace

async::Task<void> remember_objects(RequestScope& scope, keypool::Key key,
                                   std::vector<MadeObject> objects) {
  std::vector<store::ObjectOwner> owners;
  for (auto& object : objects) {
    const auto known = scope.services.owners.find(object.name, wall_clock());
    // Where a reply does not say when its object expires, each look at it would count from anew.
    const auto slack = object.expires - wall_clock() > 2 * kDay ? kDay : std::chrono::hours{0};
    if (known && known->key_id == key.id && known->expires + slack >= object.expires) continue;
    owners.push_back({std::move(object.name), key.id, key.project, object.target, object.expires});
  }
  if (owners.empty()) co_return;
  // The writer may answer after this wait is over: the event stays as long as that.
  auto& loop = scope.exchange.loop();
  const auto written = std::make_shared<async::Event>(loop);
  scope.services.writer.remember(std::move(owners),
                                 [&loop, written] { loop.post([written] { written->signal(); }); });
  async::Deadline patience(loop, [written] { written->signal(); });
  patience.set(kPatience);
  co_await written->wait();
}

void forget_object(RequestScope& scope, const std::string& name, std::chrono::seconds after) {
  auto owner = scope.services.owners.find(name, wall_clock());
  if (!owner) return;
  owner->expires = wall_clock() + after;
  scope.services.writer.remember({*owner}, nullptr);
}

}  // namespace gembal::daemon
