#pragma once

#include <chrono>

#include "daemon/admin/desk.hpp"
#include "lib/async/loop.hpp"

namespace gembal::daemon::admin {

/// Runs `work(loop, interrupt)`, a task, on a loop of its own and waits for its end. Its interrupt
/// is raised when it takes longer than `patience`, or the desk closes. For what has to ask the
/// network on a worker's thread.
template <typename Work>
void run_on_own_loop(const Desk& desk, std::chrono::milliseconds patience, const Work& work) {
  constexpr std::chrono::milliseconds kLook{200};
  async::Loop loop;
  async::Interrupt interrupt;
  const auto until = std::chrono::steady_clock::now() + patience;
  async::Deadline* look_again = nullptr;
  async::Deadline look(loop, [&] {
    if (desk.is_closing() || std::chrono::steady_clock::now() >= until) return interrupt.raise();
    look_again->set(kLook);
  });
  look_again = &look;
  look.set(kLook);
  const auto run = [&]() -> async::Task<void> {
    co_await work(loop, interrupt);
    loop.stop();
  };
  loop.spawn(run());
  loop.run();
}

}  // namespace gembal::daemon::admin
