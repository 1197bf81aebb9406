#include "lib/http/body_feed.hpp"

#include <algorithm>

namespace gembal::http {

Error wrong_body_length() {
  return {ErrorKind::internal, "the request's body is not as long as was announced"};
}

BodyFeed::BodyFeed(async::Loop& loop, std::shared_ptr<BodySource> source,
                   std::function<void()> on_arrival)
    : loop_(loop), source_(std::move(source)), on_arrival_(std::move(on_arrival)) {}

bool BodyFeed::ended() const {
  return used_ == piece_.size() && (source_ended_ || taken_ == source_->length);
}

std::size_t BodyFeed::take(char* to, std::size_t room) {
  if (used_ < piece_.size()) {
    const auto count = piece_.copy(to, room, used_);
    used_ += count;
    taken_ += count;
    return count;
  }
  if (ended() || asking_ || !on_arrival_) return 0;
  asking_ = true;
  // From the loop: whoever takes is in the middle of something.
  loop_.post([self = shared_from_this()] {
    if (self->on_arrival_) self->loop_.spawn(fetch(self));
  });
  return 0;
}

async::Task<void> BodyFeed::fetch(std::shared_ptr<BodyFeed> self) {
  auto piece = co_await self->source_->next();
  self->arrived(std::move(piece));
}

void BodyFeed::arrived(Result<std::optional<std::string>> piece) {
  if (!on_arrival_) return;
  asking_ = false;
  used_ = 0;
  piece_.clear();
  if (!piece) {
    error_ = std::move(piece).error();
  } else if (auto bytes = *std::move(piece)) {
    piece_ = *std::move(bytes);
    if (source_->length && piece_.size() > *source_->length - taken_) error_ = wrong_body_length();
  } else {
    source_ended_ = true;
    if (source_->length && taken_ < *source_->length) error_ = wrong_body_length();
  }
  // By a copy: the callback may end its owner's interest, and with it the original.
  const auto on_arrival = on_arrival_;
  on_arrival();
}

void BodyFeed::stop() { on_arrival_ = nullptr; }

}  // namespace gembal::http
