#pragma once

#include <asio.hpp>
#include <csignal>
#include <optional>

#include "lib/async/loop.hpp"

namespace gembal::cmd {

/// Runs one coroutine on a loop of its own until it is done; Ctrl-C and SIGTERM raise the
/// interrupt. `caught`: which of them came, unless it is null; untouched when none did.
template <typename T>
T run_until_done(async::Loop& loop, async::Interrupt& interrupt, async::Task<T> task,
                 int* caught = nullptr) {
  asio::signal_set signals(loop.context(), SIGINT, SIGTERM);
  signals.async_wait([&interrupt, caught](std::error_code failure, int signal) {
    if (failure) return;
    if (caught) *caught = signal;
    interrupt.raise();
  });
  std::optional<T> result;
  // Named, because the coroutine refers to what it captured for as long as it runs.
  const auto body = [&](async::Task<T> inner) -> async::Task<void> {
    result.emplace(co_await std::move(inner));
    loop.stop();
  };
  loop.spawn(body(std::move(task)));
  loop.run();
  return std::move(*result);
}

}  // namespace gembal::cmd
