#include "daemon/heartbeat.hpp"

namespace gembal::daemon {

using Clock = std::chrono::steady_clock;

struct Heartbeat::State {
  State(Exchange& its_exchange, std::chrono::milliseconds its_interval,
        std::function<void()> its_begin, std::string its_beat)
      : exchange(its_exchange),
        interval(its_interval),
        begin(std::move(its_begin)),
        beat(std::move(its_beat)),
        sent(its_exchange.loop()) {}

  Exchange& exchange;
  std::chrono::milliseconds interval;
  std::function<void()> begin;
  std::string beat;
  async::Interrupt enough;
  async::Event sent;
  Clock::time_point silent_since = Clock::now();
  bool running = false;
  bool held = false;  ///< somebody else writes
  bool sending = false;
  bool awaited = false;  ///< pause() or stop() waits for what is being sent

  static async::Task<void> run(std::shared_ptr<State> state);
};

async::Task<void> Heartbeat::State::run(std::shared_ptr<State> state) {
  auto& exchange = state->exchange;
  auto wait = state->interval;
  for (;;) {
    co_await async::sleep(exchange.loop(), wait, state->enough);
    if (state->enough.raised()) break;
    const auto silence =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - state->silent_since);
    if (state->held || silence < state->interval) {
      wait = state->held ? state->interval : state->interval - silence;
      continue;
    }
    state->sending = true;
    if (!exchange.begun()) state->begin();
    const bool sent = co_await exchange.write(state->beat, Flush::now);
    state->sending = false;
    if (std::exchange(state->awaited, false)) state->sent.signal();
    if (!sent) break;
    state->silent_since = Clock::now();
    wait = state->interval;
  }
  state->running = false;
}

Heartbeat::Heartbeat(Exchange& exchange, std::chrono::milliseconds interval,
                     std::function<void()> begin, std::string beat)
    : state_(std::make_shared<State>(exchange, interval, std::move(begin), std::move(beat))) {
  if (interval.count() <= 0) return;
  state_->running = true;
  exchange.loop().spawn(State::run(state_));
}

Heartbeat::~Heartbeat() { state_->enough.raise(); }

bool Heartbeat::sending() const { return state_->sending; }
void Heartbeat::hold() { state_->held = true; }

async::Task<void> Heartbeat::pause() {
  state_->held = true;
  while (state_->sending) {
    state_->awaited = true;
    co_await state_->sent.wait();
  }
}

void Heartbeat::resume() {
  state_->held = false;
  state_->silent_since = Clock::now();
}

async::Task<void> Heartbeat::stop() {
  state_->enough.raise();
  co_await pause();
}

}  // namespace gembal::daemon
