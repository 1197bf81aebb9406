#pragma once

#include <asio.hpp>
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

 private:
  asio::thread_pool pool_;
};

}  // namespace gembal::async
