#pragma once

#include <chrono>
#include <optional>

#include "daemon/event_feed.hpp"
#include "lib/gemini/text_pacing.hpp"

namespace gembal::daemon {

/// Stands between a feed of events and whoever tells them: hands texts on in small pieces, with a
/// pause after each. A reader that is slower than the pauses gets the rest of an event at once.
/// Lives on one loop; the feed and the interrupt, which ends a pause, must outlive it.
template <typename Feed>
class PacedFeed {
 public:
  PacedFeed(Feed& feed, async::Loop& loop, async::Interrupt& interrupt,
            const gemini::PacingRules& rules)
      : feed_(feed), loop_(loop), interrupt_(interrupt), rules_(rules) {}

  async::Task<Events> next();

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kSlow{100};

  bool cut_next();

  Feed& feed_;
  async::Loop& loop_;
  async::Interrupt& interrupt_;
  gemini::PacingRules rules_;
  Events events_;       ///< taken from the feed
  std::size_t at_ = 0;  ///< of their data
  std::optional<gemini::CutEvent> cut_;
  std::optional<Clock::time_point> handed_out_;  ///< the last piece
  Clock::time_point due_{};                      ///< the next one
};

/// Goes on to the next event that was taken; false when all have been told.
template <typename Feed>
bool PacedFeed<Feed>::cut_next() {
  cut_.reset();
  if (at_ == events_.data.size()) return false;
  auto event = std::move(events_.data[at_++]);
  const bool hurries = at_ < events_.data.size() || events_.more_is_there;
  cut_.emplace(std::move(event), rules_, hurries);
  return true;
}

template <typename Feed>
async::Task<Events> PacedFeed<Feed>::next() {
  // Whoever was away for long had trouble getting rid of the last piece.
  const bool is_slow = handed_out_ && Clock::now() - *handed_out_ > kSlow;
  while (!cut_ || cut_->done()) {
    if (cut_next()) break;
    if (events_.ended) {
      Events end;
      std::swap(end, events_);
      end.data.clear();
      at_ = 0;
      co_return end;
    }
    events_ = co_await feed_.next();
    at_ = 0;
  }
  const auto early = due_ - Clock::now();
  if (!is_slow && early.count() > 0) {
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(early);
    co_await async::sleep(loop_, pause, interrupt_);
  }
  Events piece;
  piece.call = events_.call;
  piece.data.push_back(is_slow ? cut_->rest() : cut_->next());
  handed_out_ = Clock::now();
  due_ = *handed_out_ + cut_->delay();
  co_return piece;
}

}  // namespace gembal::daemon
