#include "daemon/background.hpp"

#include <algorithm>

namespace gembal::daemon {

DetachedExchange::DetachedExchange(Exchange& like, std::shared_ptr<EventLog> log)
    : Exchange(like.loop()), log_(std::move(log)) {
  request_.head = like.request().head;
  id_ = like.id();
  started_ = like.started();
}

async::Task<Result<std::optional<std::string>>> DetachedExchange::next_body_piece() {
  co_return std::optional<std::string>();
}

async::Task<bool> DetachedExchange::answer(Response response) {
  status_ = response.status;
  body_bytes_ += response.body.size();
  co_return true;
}

void DetachedExchange::begin(int status, const Headers& /*headers*/,
                             std::optional<std::uint64_t> /*length*/) {
  status_ = status;
}

async::Task<bool> DetachedExchange::write(std::string_view piece, Flush /*flush*/) {
  // Signs of life are for those who wait: each has its own.
  if (!piece.starts_with(':')) {
    log_->append(piece);
    body_bytes_ += piece.size();
  }
  co_return !interrupt_.raised();
}

async::Task<bool> DetachedExchange::finish() { co_return true; }

async::Task<void> DetachedExchange::answer_raw(std::string /*bytes*/) { co_return; }

void Background::start(std::unique_ptr<DetachedExchange> exchange,
                       std::function<async::Task<void>(DetachedExchange&)> work) {
  running_.push_back(exchange.get());
  loop_.spawn([](Background& self, std::unique_ptr<DetachedExchange> mine,
                 std::function<async::Task<void>(DetachedExchange&)> todo) -> async::Task<void> {
    co_await todo(*mine);
    std::erase(self.running_, mine.get());
    self.tell_if_empty();
  }(*this, std::move(exchange), std::move(work)));
}

void Background::tell_if_empty() {
  if (!running_.empty() || !when_empty_) return;
  const auto tell = std::exchange(when_empty_, nullptr);
  tell();
}

void Background::drain(std::function<void()> empty) {
  when_empty_ = std::move(empty);
  tell_if_empty();
}

void Background::cut() {
  const auto running = running_;
  for (auto* exchange : running) exchange->interrupt().raise();
}

}  // namespace gembal::daemon
