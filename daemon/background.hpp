#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/event_log.hpp"
#include "daemon/message.hpp"

namespace gembal::daemon {

/// An exchange without a client: what is written goes into a log. For answers that go on when their
/// request has been answered.
class DetachedExchange final : public Exchange {
 public:
  /// `like`: the exchange whose request it goes on with; its body is not taken over.
  DetachedExchange(Exchange& like, std::shared_ptr<EventLog> log);

  async::Task<Result<std::optional<std::string>>> next_body_piece() override;
  async::Task<bool> answer(Response response) override;
  void begin(int status, const Headers& headers, std::optional<std::uint64_t> length) override;
  async::Task<bool> write(std::string_view piece, Flush flush) override;
  async::Task<bool> finish() override;
  void abandon(Cut how) override { (void)how; }
  async::Task<void> answer_raw(std::string bytes) override;

  EventLog& log() { return *log_; }

 private:
  const std::shared_ptr<EventLog> log_;  ///< shared with those who follow it, and outlives this
};

/// The work of one loop that goes on after its request was answered. Lives on that loop.
class Background {
 public:
  explicit Background(async::Loop& loop) : loop_(loop) {}

  /// Starts `work`, which is handed its exchange.
  void start(std::unique_ptr<DetachedExchange> exchange,
             std::function<async::Task<void>(DetachedExchange&)> work);

  /// Calls `empty`, once, when nothing runs any more.
  void drain(std::function<void()> empty);

  /// Raises the interrupts of all that runs.
  void cut();

 private:
  void tell_if_empty();

  async::Loop& loop_;
  std::vector<DetachedExchange*> running_;
  std::function<void()> when_empty_;
};

}  // namespace gembal::daemon
