#pragma once

#include <asio.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "lib/async/loop.hpp"

namespace gembal::async {

/// A few threads for long computations, which would stall everything else on a loop.
/// Thread-safe. Destroyed before the loops that use it, once they have stopped running: its end
/// waits for the work that was begun.
class Workers {
 public:
  explicit Workers(std::size_t threads) : pool_(threads) {}
  ~Workers() { pool_.join(); }

  /// Runs `work` on a worker and comes back to the loop with what it returned. What it refers to
  /// must stay until then.
  template <typename Work>
  auto run(Loop& loop, Work work) -> Task<decltype(work())> {
    std::optional<decltype(work())> result;
    Event done(loop);
    asio::post(pool_, [&] {
      result.emplace(work());
      loop.post([&done] { done.signal(); });
    });
    co_await done.wait();
    co_return std::move(*result);
  }

  /// The same, but waits for no longer than `patience`: nullopt then, and what `work` returns later
  /// is thrown away. `work` must own, or have for as long as these workers, what it uses.
  template <typename Work>
  auto run_within(Loop& loop, std::chrono::milliseconds patience, Work work)
      -> Task<std::optional<decltype(work())>> {
    struct Waiting {
      explicit Waiting(Loop& on) : done(on) {}
      Event done;
      std::optional<decltype(work())> result;  // the loop's
    };
    const auto waiting = std::make_shared<Waiting>(loop);
    asio::post(pool_, [&loop, waiting, work = std::move(work)]() mutable {
      auto result = std::make_shared<decltype(work())>(work());
      loop.post([waiting, result] {
        waiting->result = std::move(*result);
        waiting->done.signal();
      });
    });
    Deadline deadline(loop, [waiting] { waiting->done.signal(); });
    deadline.set(patience);
    co_await waiting->done.wait();
    co_return std::move(waiting->result);
  }

 private:
  asio::thread_pool pool_;
};

}  // namespace gembal::async
