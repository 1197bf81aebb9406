#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/failure.hpp"
#include "lib/async/loop.hpp"
#include "lib/sse/parser.hpp"
#include "lib/upstream/answer.hpp"
#include "lib/upstream/form.hpp"

namespace gembal::daemon {

/// Events of an upstream stream that came together.
struct Events {
  std::size_t call = 0;            ///< which of the calls that are read side by side
  std::vector<std::string> data;   ///< of each event; may be empty
  bool more_is_there = false;      ///< the next can be had without a wait
  bool ended = false;              ///< the last of its call
  std::optional<Failure> failure;  ///< why it ended, when that was no proper end
};

/// Reads the events of one stream. A reply that is none is a single event. Lives on one loop.
class EventFeed {
 public:
  /// `form`: what was asked for: sse, or unary.
  EventFeed(upstream::Answer answer, upstream::Form form)
      : answer_(std::move(answer)), form_(form) {}

  async::Task<Events> next();

 private:
  async::Task<Events> whole();

  upstream::Answer answer_;
  upstream::Form form_;
  sse::Parser parser_;
};

/// Brings together the events of several streams, of which each waits until its own were taken: a
/// slow reader slows them all down. Lives on one loop.
class JoinedFeeds {
 public:
  explicit JoinedFeeds(async::Loop& loop) : loop_(loop), filled_(loop) {}

  /// Called by whoever reads a stream; returns when the events were taken.
  async::Task<void> put(Events events);

  async::Task<Events> next();

  /// Nobody reads any more: put() throws away.
  void close();

 private:
  struct Waiting {
    Events events;
    std::shared_ptr<async::Event> taken;
  };

  async::Loop& loop_;
  async::Event filled_;
  std::deque<Waiting> waiting_;
  bool closed_ = false;
};

}  // namespace gembal::daemon
