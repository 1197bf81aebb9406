#include "daemon/event_feed.hpp"

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::daemon {
namespace {

constexpr std::size_t kReplyBytes = 256u << 20;

}  // namespace

async::Task<Events> EventFeed::whole() {
  Events events;
  events.ended = true;
  auto body = co_await answer_.rest(kReplyBytes);
  if (body) {
    events.data.push_back(*std::move(body));
  } else {
    events.failure = Failure{502, std::move(body).error()};
  }
  co_return events;
}

async::Task<Events> EventFeed::next() {
  Events events;
  if (form_ == upstream::Form::unary) {
    events = co_await whole();
    co_return events;
  }
  const auto piece = co_await answer_.next();
  if (piece) parser_.feed(*piece);
  while (const auto event = parser_.next()) {
    auto& data = events.data.emplace_back();
    data.reserve(event->data.size() + kJsonRoom);
    data = event->data;
  }
  events.more_is_there = piece && answer_.ready();
  if (piece) co_return events;
  events.ended = true;
  if (answer_.error()) {
    events.failure = Failure{502, *answer_.error()};
  } else if (!trim(parser_.tail()).empty()) {
    // Upstream writes an error in mid-stream without the frame of an event.
    events.failure = Failure{502, {ErrorKind::upstream, gemini::message_of(parser_.tail()), ""}};
  }
  co_return events;
}

async::Task<void> JoinedFeeds::put(Events events) {
  if (closed_) co_return;
  const auto taken = std::make_shared<async::Event>(loop_);
  waiting_.push_back({std::move(events), taken});
  filled_.signal();
  co_await taken->wait();
}

async::Task<Events> JoinedFeeds::next() {
  while (waiting_.empty()) co_await filled_.wait();
  auto first = std::move(waiting_.front());
  waiting_.pop_front();
  first.taken->signal();
  first.events.more_is_there = !waiting_.empty();
  co_return std::move(first.events);
}

void JoinedFeeds::close() {
  closed_ = true;
  for (auto& one : waiting_) one.taken->signal();
  waiting_.clear();
}

}  // namespace gembal::daemon
