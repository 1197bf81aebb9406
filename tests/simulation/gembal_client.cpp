// The dispatcher's loop without its I/O: the same calls of the pool, of the judge and of the plan
// in the same order, with events where the dispatcher waits.

#include <memory>
#include <optional>
#include <unordered_map>

#include "lib/keypool/key_pool.hpp"
#include "lib/upstream/retry_plan.hpp"
#include "lib/upstream/verdict.hpp"
#include "tests/simulation/clients.hpp"

namespace gembal::simulation {
namespace {

using keypool::Lease;
using std::chrono::milliseconds;
using upstream::RetryPlan;

constexpr int kMaxRetries = 3;
constexpr std::size_t kMostWaiting = 1000;

class Gembal : public Server {
 public:
  explicit Gembal(Stage& stage) : stage_(stage), pool_({}, 1) {
    std::vector<keypool::Key> keys;
    for (std::size_t i = 0; i < stage.scenario.keys.size(); ++i) {
      const auto& plan = stage.scenario.keys[i];
      keypool::Key key;
      key.secret = plan.secret;
      key.id = plan.secret.id();
      key.paid = stage.scenario.projects[plan.project].paid;
      if (plan.names_project) key.project = "project-" + std::to_string(plan.project);
      number_of_[key.id] = i;
      keys.push_back(std::move(key));
    }
    pool_.replace(std::move(keys), stage.time.now());
  }

  void serve(const Request& request) override { attempt(std::make_shared<Run>(request)); }

 private:
  /// What one request carries through its tries.
  struct Run {
    explicit Run(const Request& its_request) : request(its_request) {}
    const Request& request;
    RetryPlan plan{kMaxRetries};
    bool met_outage = false;  ///< the last try's failure was not the key's: it is passed on

    // While it waits in line.
    std::optional<keypool::PlaceInLine> place;
    TimePoint gives_up_at{};
    std::uint64_t alarm = 0;  ///< the one that counts: earlier ones are off
  };
  using RunPtr = std::shared_ptr<Run>;

  TimePoint now() const { return stage_.time.now(); }

  keypool::Wish wish_of(const Run& run) const {
    keypool::Wish wish;
    wish.model = stage_.scenario.models[run.request.model];
    wish.conversation = run.request.conversation;
    wish.continues = run.request.continues;
    wish.tokens = run.request.guessed_tokens;
    wish.goes_on = run.plan.has_tried();
    return wish;
  }

  void attempt(const RunPtr& run) {
    auto wish = wish_of(*run);
    wish.tried = run->plan.leave_out();
    auto lease = pool_.take(wish, now());
    if (!lease && run->plan.allow_again()) {
      wish.tried = run->plan.leave_out();
      lease = pool_.take(wish, now());
    }
    if (lease) return send(run, *std::move(lease));
    const auto& error = lease.error();
    const auto back = error.retry_after.value_or(milliseconds{0});
    if (error.kind != ErrorKind::keys_waiting || stage_.scenario.max_wait.count() == 0 ||
        back > stage_.scenario.max_wait)
      return end_without_key(*run, error);
    line_up(run, error);
  }

  void end_without_key(const Run& run, const Error& error) {
    if (run.met_outage || error.kind == ErrorKind::upstream || error.kind == ErrorKind::too_large) {
      ++stage_.result.failed;
    } else {
      stage_.refuse(run.request);
    }
  }

  // ---- Waiting in line.

  void line_up(const RunPtr& run, const Error& error) {
    const std::weak_ptr<Run> waiting = run;
    // The pool wakes while it is being called: what that leads to comes after.
    auto place = pool_.line_up(
        stage_.scenario.models[run->request.model],
        [this, waiting] {
          stage_.time.after(milliseconds{0}, [this, waiting] {
            if (const auto woken = waiting.lock(); woken && woken->place) look_again(woken);
          });
        },
        kMostWaiting);
    if (!place) return end_without_key(*run, place.error());
    run->place.emplace(*std::move(place));
    run->gives_up_at = now() + stage_.scenario.max_wait;
    set_alarm(run, error);
  }

  void set_alarm(const RunPtr& run, const Error& error) {
    const auto remaining = std::chrono::duration_cast<milliseconds>(run->gives_up_at - now());
    auto pause = remaining;
    if (pool_.is_first(*run->place) || run->plan.has_tried())
      pause = std::min(pause, error.retry_after.value_or(pause));
    const auto alarm = ++run->alarm;
    stage_.time.after(std::max(pause, milliseconds{1}), [this, run, alarm] {
      if (run->place && run->alarm == alarm) look_again(run);
    });
  }

  void look_again(const RunPtr& run) {
    auto wish = wish_of(*run);
    wish.place = run->place->number();
    auto lease = pool_.take(wish, now());
    if (!lease && lease.error().kind == ErrorKind::keys_waiting && now() < run->gives_up_at)
      return set_alarm(run, lease.error());
    if (lease) {
      send(run, *std::move(lease));
    } else {
      end_without_key(*run, lease.error());
    }
    run->place.reset();
  }

  // ---- A try.

  void send(const RunPtr& run, Lease taken) {
    const auto lease = std::make_shared<Lease>(std::move(taken));
    const auto key = number_of_.at((*lease)->id);
    stage_.call(key, run->request, [this, run, lease, key](const World::Reply& reply) {
      if (reply.status == 200) {
        succeed(*run, lease, key);
      } else {
        fail(run, *lease, reply);
      }
    });
  }

  /// The first content is there; the lease is held to the answer's end.
  void succeed(Run& run, const std::shared_ptr<Lease>& lease, std::size_t key) {
    (void)pool_.report(*lease, {}, now());
    stage_.deliver(key);
    const auto rest = std::min(stage_.exponential(8'000), 180'000.0);
    const std::uint64_t tokens = run.request.tokens;
    stage_.time.after(milliseconds{static_cast<std::int64_t>(rest)},
                      [lease, tokens] { lease->count_tokens(tokens, tokens + 400); });
  }

  void fail(const RunPtr& run, Lease& lease, const World::Reply& reply) {
    const auto verdict =
        upstream::judge_error(reply.status, reply.body, upstream::Subject::model, now());
    const auto report = pool_.report(lease, verdict, now());
    for (const auto& change : report.changes) {
      if (change.key_changed && change.key.disabled) stage_.disable(number_of_.at(change.key.id));
    }
    const auto step = run->plan.after({lease->id, verdict, false, lease.is_last_try(),
                                       report.suspended, run->request.guessed_tokens},
                                      stage_.uniform(0, 1));
    run->met_outage = !upstream::blames_key(verdict.outcome);
    switch (step.next) {
      case RetryPlan::Next::try_again:
        stage_.time.after(step.pause, [this, run] { attempt(run); });
        return;
      case RetryPlan::Next::give_up: stage_.refuse(run->request); return;
      case RetryPlan::Next::pass_on:
      case RetryPlan::Next::bypass:
      case RetryPlan::Next::own_fault: ++stage_.result.failed; return;
    }
  }

  Stage& stage_;
  keypool::KeyPool pool_;
  std::unordered_map<std::string, std::size_t> number_of_;
};

}  // namespace

std::unique_ptr<Server> make_gembal(Stage& stage) { return std::make_unique<Gembal>(stage); }

}  // namespace gembal::simulation
