#include "daemon/heartbeat.hpp"

namespace gembal::daemon {

struct Heartbeat::State {
  State(Exchange& its_exchange, std::chrono::milliseconds its_interval,
        std::function<void()> its_begin)
      : exchange(its_exchange),
        interval(its_interval),
        begin(std::move(its_begin)),
        ended(its_exchange.loop()) {}

  Exchange& exchange;
  std::chrono::milliseconds interval;
  std::function<void()> begin;
  async::Interrupt enough;
  async::Event ended;
  bool running = false;

  static async::Task<void> run(std::shared_ptr<State> state);
};

async::Task<void> Heartbeat::State::run(std::shared_ptr<State> state) {
  auto& exchange = state->exchange;
  for (;;) {
    co_await async::sleep(exchange.loop(), state->interval, state->enough);
    if (state->enough.raised()) break;
    if (!exchange.begun()) state->begin();
    const bool sent = co_await exchange.write(": waiting\n\n", Flush::now);
    if (!sent) break;
  }
  state->running = false;
  state->ended.signal();
}

Heartbeat::Heartbeat(Exchange& exchange, std::chrono::milliseconds interval,
                     std::function<void()> begin)
    : state_(std::make_shared<State>(exchange, interval, std::move(begin))) {
  if (interval.count() <= 0) return;
  state_->running = true;
  exchange.loop().spawn(State::run(state_));
}

Heartbeat::~Heartbeat() { state_->enough.raise(); }

async::Task<void> Heartbeat::stop() {
  state_->enough.raise();
  while (state_->running) co_await state_->ended.wait();
}

}  // namespace gembal::daemon
