// The plain way, for comparison: a cycle over all keys, in which those that failed three times are
// passed over; three tries in all without a pause; whatever fails counts against the key; an hourly
// check that asks each key which has failed something small.

#include "tests/simulation/clients.hpp"

namespace gembal::simulation {
namespace {

constexpr int kMostFailures = 3;
constexpr int kMostTries = 3;
constexpr auto kCheckInterval = std::chrono::hours{1};

class PlainRotation : public Server {
 public:
  explicit PlainRotation(Stage& stage)
      : stage_(stage),
        failures_(stage.scenario.keys.size(), 0),
        end_(stage.time.now() + std::chrono::hours{24} * stage.scenario.days) {
    check_.tokens = check_.guessed_tokens = 10;
    plan_check();
  }

  void serve(const Request& request) override { attempt(request, 1); }

 private:
  std::size_t step() { return next_++ % failures_.size(); }

  std::size_t next_working() {
    const auto first = step();
    auto key = first;
    while (failures_[key] >= kMostFailures) {
      key = step();
      if (key == first) return first;  // none is well: that one all the same
    }
    return key;
  }

  void attempt(const Request& request, int number) {
    const auto key = next_working();
    stage_.call(key, request, [this, &request, key, number](const World::Reply& reply) {
      if (reply.status == 200) return stage_.deliver(key);
      if (++failures_[key] == kMostFailures) stage_.disable(key);
      if (number < kMostTries) return attempt(request, number + 1);
      if (reply.refused_key) return stage_.refuse(request);
      ++stage_.result.failed;
    });
  }

  void plan_check() {
    if (stage_.time.now() + kCheckInterval >= end_) return;
    stage_.time.after(kCheckInterval, [this] {
      check_from(0);
      plan_check();
    });
  }

  /// One after the other.
  void check_from(std::size_t key) {
    while (key < failures_.size() && failures_[key] == 0) ++key;
    if (key >= failures_.size()) return;
    stage_.call(key, check_, [this, key](const World::Reply& reply) {
      failures_[key] = reply.status == 200 ? 0 : std::min(failures_[key] + 1, kMostFailures);
      check_from(key + 1);
    });
  }

  Stage& stage_;
  std::vector<int> failures_;
  TimePoint end_;
  Request check_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Server> make_plain_rotation(Stage& stage) {
  return std::make_unique<PlainRotation>(stage);
}

}  // namespace gembal::simulation
