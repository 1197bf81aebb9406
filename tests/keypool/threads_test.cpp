#include <atomic>
#include <random>
#include <thread>

#include "tests/keypool/small_pool.hpp"

namespace gembal::keypool {
namespace {

constexpr Outcome kOutcomes[] = {
    Outcome::success,    Outcome::success,      Outcome::success,      Outcome::caller_fault,
    Outcome::key_dead,   Outcome::key_unusable, Outcome::quota_minute, Outcome::quota_day,
    Outcome::quota_zero, Outcome::model_closed, Outcome::no_credit,    Outcome::model_overloaded,
    Outcome::broken,     Outcome::exit_blocked, Outcome::wrong_object, Outcome::proxy_fault};

std::string number(const char* before, std::uint32_t of) { return before + std::to_string(of); }

/// One thing that a request, an owner or another process does.
void do_something(Pool& pool, std::minstd_rand& random) {
  const auto dice = [&random](std::uint32_t sides) {
    return static_cast<std::uint32_t>(random() % sides);
  };
  const auto now = kNoon + seconds{dice(200)};
  const auto model = number("model-", dice(3));
  Wish wish;
  wish.model = model;
  wish.conversation = dice(8);
  wish.continues = dice(2) == 0;
  wish.tokens = dice(1'000);
  switch (dice(12)) {
    case 0: pool.pool.replace(keys(3 + static_cast<int>(dice(5))), now); break;
    case 1: {
      Key learned = key(number("key-", 1 + dice(8)));
      learned.disabled = dice(2) == 0;
      if (dice(4) == 0) learned.project = "p";
      pool.pool.learn_keys({learned}, now);
      break;
    }
    case 2:
      pool.pool.learn_states(
          {{quota_subject(key(number("key-", 1 + dice(8)))),
            {model, ModelStatus::cooling, now + seconds{dice(90)}, "PerMinute"}}},
          now);
      pool.pool.add_usage({{id("key-1"), model, to_unix_seconds(now) / 3600, 2, 5}}, now);
      break;
    case 3:
      pool.pool.snapshot(now);
      pool.pool.prospects(model, now);
      pool.pool.take_usage(now);
      break;
    case 4: {
      Policy policy;
      policy.choice = static_cast<Choice>(dice(4));
      policy.free_tier.requests_per_minute = dice(50);
      pool.pool.set_policy(policy);
      break;
    }
    case 5: {
      const auto place = pool.pool.line_up(
          model, [] {}, 5);
      if (place) wish.place = place->number();
      if (const auto lease = pool.pool.take(wish, now)) EXPECT_FALSE((*lease)->id.empty());
      break;
    }
    default: {
      auto lease = dice(4) == 0 ? pool.pool.take_owner(id("key-1"), "p", wish, now)
                                : pool.pool.take(wish, now);
      if (!lease) break;
      auto what = verdict(kOutcomes[dice(std::size(kOutcomes))]);
      what.bare_quota = what.outcome == Outcome::quota_minute && dice(2) == 0;
      what.limits.requests_per_minute = dice(3) == 0 ? 1 + dice(30) : 0;
      if (dice(9) == 0) what.project = "p";
      if (dice(5) > 0) pool.pool.report(*lease, what, now);
      lease->count_tokens(dice(500), dice(900));
    }
  }
}

TEST(ThreadsTest, DoEverythingAtOnceAndThePoolIsWellAfterwards) {
  Pool pool(keys(5));
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&pool, seed] {
      std::minstd_rand random(seed);
      for (int i = 0; i < 2'000; ++i) do_something(pool, random);
    });
  }
  for (auto& thread : threads) thread.join();

  auto fresh = keys(6);
  for (auto& one : fresh) one.revision = 1;
  pool.pool.set_policy({});
  const auto later = kNoon + hours{30};
  pool.pool.replace(fresh, later);
  EXPECT_EQ(pool.pool.usable(), 6u);
  Wish probe;
  probe.model = "model-0";
  if (auto lease = pool.pool.take(probe, later))
    pool.pool.report(*lease, verdict(Outcome::success), later);
  for (int i = 0; i < 12; ++i) {
    for (const char* model : {"model-0", "model-1", "another"}) {
      auto lease = pool.take(model, later);
      EXPECT_TRUE(lease) << i << " " << model;
    }
  }
}

// The same on one thread, which fails in the same way each time.
TEST(ThreadsTest, AnyOrderOfEventsKeepsThePoolWhole) {
  for (unsigned seed = 100; seed < 120; ++seed) {
    Pool pool(keys(5));
    std::minstd_rand random(seed);
    for (int i = 0; i < 500; ++i) {
      do_something(pool, random);
      std::size_t usable = 0;
      const auto snapshot = pool.pool.snapshot(kNoon);
      for (const auto& one : snapshot) usable += !one.key.disabled;
      ASSERT_EQ(pool.pool.usable(), usable) << seed << " " << i;
      ASSERT_EQ(pool.pool.size(), snapshot.size());
    }
  }
}

}  // namespace
}  // namespace gembal::keypool
