#include "lib/async/loop.hpp"

#include <algorithm>

namespace gembal::async {

namespace {
constexpr auto kTick = std::chrono::milliseconds{50};
}

Loop::Loop() : ticker_(context_) {}

Loop::~Loop() = default;

void Loop::run() { context_.run(); }

void Loop::stop() { context_.stop(); }

void Loop::post(std::function<void()> work) { asio::post(context_, std::move(work)); }

void Loop::spawn(Task<void> task) {
  asio::co_spawn(context_.get_executor(), std::move(task), asio::detached);
}

// Ticks only while a deadline is armed: an idle daemon does not wake up.
void Loop::watch() {
  if (ticking_ || !armed_) return;
  ticking_ = true;
  ticker_.expires_after(kTick);
  ticker_.async_wait([this](std::error_code failure) {
    ticking_ = false;
    if (failure) return;
    const auto now = std::chrono::steady_clock::now();
    // A callback may clear or destroy any deadline, also the next one: clear() moves the cursor on.
    for (Deadline* deadline = armed_; deadline; deadline = next_to_check_) {
      next_to_check_ = deadline->next_;
      if (deadline->at_ > now) continue;
      deadline->clear();
      deadline->on_expiry_();
    }
    next_to_check_ = nullptr;
    watch();
  });
}

void Deadline::set(std::chrono::milliseconds after) {
  if (after.count() <= 0) return clear();
  at_ = std::chrono::steady_clock::now() + after;
  if (linked_) return;
  linked_ = true;
  previous_ = nullptr;
  next_ = loop_.armed_;
  if (next_) next_->previous_ = this;
  loop_.armed_ = this;
  loop_.watch();
}

void Deadline::clear() {
  if (!linked_) return;
  linked_ = false;
  if (loop_.next_to_check_ == this) loop_.next_to_check_ = next_;
  if (previous_) {
    previous_->next_ = next_;
  } else {
    loop_.armed_ = next_;
  }
  if (next_) next_->previous_ = previous_;
}

void Interrupt::raise() {
  if (std::exchange(raised_, true)) return;
  const auto subscribers = subscribers_;
  for (auto it = subscribers.rbegin(); it != subscribers.rend(); ++it) (*it)->callback_();
}

Interrupt::Subscription::Subscription(Interrupt& interrupt, std::function<void()> callback)
    : interrupt_(interrupt), callback_(std::move(callback)) {
  interrupt_.subscribers_.push_back(this);
  if (interrupt_.raised_) callback_();
}

Interrupt::Subscription::~Subscription() { std::erase(interrupt_.subscribers_, this); }

Task<void> sleep(Loop& loop, std::chrono::milliseconds duration, Interrupt& interrupt) {
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer(loop.executor(), duration);
  const Interrupt::Subscription subscription(interrupt,
                                             [&timer] { timer.expires_at(SteadyTime::min()); });
  if (interrupt.raised()) co_return;
  std::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(use_task, cancelled));
}

}  // namespace gembal::async
