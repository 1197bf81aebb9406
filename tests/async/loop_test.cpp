#include "lib/async/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "lib/async/workers.hpp"

namespace gembal::async {
namespace {

using std::chrono::milliseconds;

milliseconds since(SteadyTime start) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

Task<void> wait_and_stop(Loop& loop, Event& event, bool& woken) {
  co_await event.wait();
  woken = true;
  loop.stop();
}

TEST(EventTest, WakesItsWaiterOnce) {
  Loop loop;
  Event event(loop);
  bool woken = false;
  loop.spawn(wait_and_stop(loop, event, woken));
  loop.post([&] { event.signal(); });
  loop.run();
  EXPECT_TRUE(woken);
}

TEST(EventTest, KeepsASignalThatNobodyWaitsForYet) {
  Loop loop;
  Event event(loop);
  bool woken = false;
  event.signal();
  event.signal();
  loop.spawn(wait_and_stop(loop, event, woken));
  loop.run();
  EXPECT_TRUE(woken);
}

TEST(DeadlineTest, FiresOnceItsTimeHasPassedAndNotBefore) {
  Loop loop;
  const auto start = std::chrono::steady_clock::now();
  milliseconds fired{0};
  int times = 0;
  Deadline never(loop, [] { ADD_FAILURE() << "was cleared"; });
  Deadline zero(loop, [] { ADD_FAILURE() << "zero is never"; });
  Deadline deadline(loop, [&] {
    fired = since(start);
    if (++times == 2)
      loop.stop();
    else
      deadline.set(milliseconds{60});
  });
  never.set(milliseconds{1});
  never.clear();
  zero.set(milliseconds{0});
  deadline.set(milliseconds{1});
  deadline.set(milliseconds{80});
  loop.run();
  EXPECT_GE(fired, milliseconds{140});
  EXPECT_EQ(times, 2);
}

TEST(DeadlineTest, MayDestroyOthersWhenItFires) {
  Loop loop;
  auto other = std::make_unique<Deadline>(loop, [] { ADD_FAILURE() << "was destroyed"; });
  Deadline first(loop, [&] {
    other.reset();
    loop.post([&loop] { loop.stop(); });
  });
  other->set(milliseconds{200});
  first.set(milliseconds{10});
  loop.run();
}

TEST(InterruptTest, TellsThoseWhoSubscribedAndThoseWhoComeLater) {
  Interrupt interrupt;
  std::string told;
  Interrupt::Subscription one(interrupt, [&] { told += "1"; });
  {
    Interrupt::Subscription gone(interrupt, [&] { told += "x"; });
  }
  Interrupt::Subscription two(interrupt, [&] { told += "2"; });
  interrupt.raise();
  interrupt.raise();
  EXPECT_EQ(told, "21");
  Interrupt::Subscription late(interrupt, [&] { told += "3"; });
  EXPECT_EQ(told, "213");
  EXPECT_TRUE(interrupt.raised());
}

Task<void> sleep_and_stop(Loop& loop, milliseconds duration, Interrupt& interrupt) {
  co_await sleep(loop, duration, interrupt);
  loop.stop();
}

TEST(SleepTest, EndsEarlyWhenInterrupted) {
  Loop loop;
  Interrupt interrupt;
  const auto start = std::chrono::steady_clock::now();
  loop.spawn(sleep_and_stop(loop, milliseconds{20'000}, interrupt));
  loop.post([&] { interrupt.raise(); });
  loop.run();
  EXPECT_LT(since(start), milliseconds{10'000});
}

TEST(LoopTest, TakesWorkFromManyThreads) {
  Loop loop;
  int done = 0;               // only touched on the loop
  Deadline stays(loop, [&] {  // without anything to wait for, a loop ends
    ADD_FAILURE() << "only " << done << " came";
    loop.stop();
  });
  stays.set(std::chrono::seconds{60});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        loop.post([&] {
          if (++done == 2000) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 2000);
}

}  // namespace
}  // namespace gembal::async
