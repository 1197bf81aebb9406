#include "daemon/front/connection.hpp"

#include <sys/socket.h>

#include <atomic>
#include <charconv>

#include "lib/core/digest.hpp"

namespace gembal::daemon::front {
namespace {

constexpr std::size_t kMostLingering = 1u << 20;  // bytes thrown away behind the last reply

/// Distinct within a machine's lifetime and cheap: a random start, then counting.
std::string next_id() {
  static const std::string prefix = random_hex(6);
  static std::atomic<std::uint64_t> count{0};
  char digits[17];
  const auto [end, failure] = std::to_chars(digits, digits + sizeof digits, ++count, 16);
  return prefix + "-" + std::string(digits, end);
}

}  // namespace

Connection::Connection(async::Loop& loop, Socket socket, const Service& service, Connections& all)
    : Exchange(loop),
      service_(service),
      all_(all),
      socket_(std::move(socket)),
      readable_(loop),
      deadline_(loop, [this] { on_time_out(); }),
      body_deadline_(loop, [this] {
        body_->error = Error{ErrorKind::timeout, "the request's body did not arrive in time"};
        readable_.signal();
      }) {
  std::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  all_.add(*this);
}

Connection::~Connection() { all_.remove(*this); }

void Connection::start() {
  loop_.spawn([](std::shared_ptr<Connection> self) -> async::Task<void> {
    co_await self->run();
  }(shared_from_this()));
}

std::string Connection::peer() const {
  std::error_code failed;
  const auto endpoint = socket_.remote_endpoint(failed);
  return failed ? "" : endpoint.address().to_string();
}

void Connection::drain() {
  draining_ = true;
  if (phase_ == Phase::idle) close();
}

void Connection::cut() {
  draining_ = true;
  close();
}

// Closing wakes whoever waits to read or write; the coroutine then runs to its end.
void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  ended_ = true;
  deadline_.clear();
  body_deadline_.clear();
  std::error_code ignored;
  socket_.close(ignored);
  readable_.signal();
  interrupt_.raise();
}

void Connection::on_time_out() {
  timed_out_ = true;
  if (phase_ == Phase::head || phase_ == Phase::body) {
    // The coroutine wakes from its read and says 408.
    ended_ = true;
    socket_.cancel();
    readable_.signal();
    return;
  }
  close();
}

void Connection::arm_read() {
  if (reading_ || ended_) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(read_buffer_),
                          [self = shared_from_this()](std::error_code failure, std::size_t count) {
                            self->on_read(failure, count);
                          });
}

void Connection::on_read(std::error_code failure, std::size_t count) {
  reading_ = false;
  if (failure) {
    ended_ = true;
    // While a request is answered, the end of the client's bytes means that nobody waits for the
    // answer.
    if (phase_ == Phase::answering) close();
  } else {
    in_.append(read_buffer_.data(), count);
    if (body_ && count == read_buffer_.size()) read_ahead();
    if (phase_ == Phase::answering && wants_more_ahead()) arm_read();
  }
  readable_.signal();
}

bool Connection::wants_more_ahead() const {
  return in_.size() < (body_ && !body_->complete ? kBodyAhead : kPipelined);
}

/// Waits for more bytes in `in_`; false when none will come.
async::Task<bool> Connection::more() {
  const auto before = in_.size();
  while (in_.size() == before) {
    if (ended_) co_return false;
    arm_read();
    co_await readable_.wait();
  }
  co_return true;
}

async::Task<void> Connection::run() {
  for (;;) {
    phase_ = Phase::idle;
    limits_ = service_.limits();
    status_ = 0;
    replied_ = {};
    body_bytes_ = 0;
    framing_ = Framing::none;
    cut_ = false;
    interrupt_ = {};
    request_.body.clear();
    request_.body.shrink_to_fit();
    body_.reset();
    const bool head_came = co_await read_head();
    if (!head_came) break;
    started_ = std::chrono::steady_clock::now();
    id_ = next_id();
    keep_alive_ = request_.head.keep_alive;
    if (service_.streams_body && service_.streams_body(request_.head)) {
      begin_streamed_body();
    } else {
      const bool body_came = co_await read_body();
      if (!body_came) break;
    }

    phase_ = Phase::answering;
    ++count_;
    arm_read();
    try {
      co_await service_.handle(*this);
    } catch (const std::exception&) {
      // A library's exception that slipped through: this request fails, nothing else.
      if (begun()) abandon(Cut::close);
    }
    end_streamed_body();
    if (!begun() && phase_ == Phase::answering) {
      co_await answer(service_.refuse(request_.head, 500, "internal error"));
    }
    deadline_.clear();
    if (phase_ == Phase::closed || !keep_alive_ || draining_ || cut_) break;
    if (framing_ != Framing::none) break;  // never finished
    if (body_ && !body_->complete) break;  // what comes next is no request
  }
  if (phase_ != Phase::closed) {
    // Let the peer see the end of our bytes before a reset for unread ones of its own can overtake
    // them.
    std::error_code ignored;
    if (!cut_) socket_.shutdown(Socket::shutdown_send, ignored);
    if (!cut_ && !ended_ && (!in_.empty() || reading_)) {
      phase_ = Phase::head;
      // Who is in the middle of a long body may look for a reply only once it is sent.
      const bool streamed = body_ && !body_->complete;
      deadline_.set(std::chrono::seconds{streamed ? 5 : 1});
      for (std::size_t taken = 0; (streamed || taken < kMostLingering) && !timed_out_;) {
        in_.clear();
        const bool more_came = co_await more();
        if (!more_came) break;
        taken += in_.size();
      }
    }
  }
  close();
}

async::Task<bool> Connection::read_head() {
  HeadReader reader(limits_.head);
  deadline_.set(limits_.keep_alive);
  for (;;) {
    if (!in_.empty()) {
      if (phase_ == Phase::idle) {
        phase_ = Phase::head;
        deadline_.set(limits_.head_time);
      }
      const auto progress = reader.read(in_);
      if (progress == HeadProgress::complete) {
        in_.erase(0, reader.consumed);
        request_.head = std::move(reader.head);
        deadline_.clear();
        co_return true;
      }
      if (progress == HeadProgress::refused) {
        request_.head = {};
        co_await refuse(reader.error.status, reader.error.message);
        co_return false;
      }
    }
    const bool more_came = co_await more();
    if (!more_came) {
      if (timed_out_ && phase_ == Phase::head) {
        request_.head = {};
        co_await refuse(408, "the request's head did not arrive in time");
      }
      co_return false;
    }
  }
}

async::Task<void> Connection::refuse(int status, std::string message) {
  if (phase_ == Phase::closed) co_return;
  deadline_.clear();
  phase_ = Phase::answering;
  keep_alive_ = false;  // nobody knows where the next request would start
  co_await answer(service_.refuse(request_.head, status, message));
}

void Connections::remove(Connection& connection) {
  std::erase(open_, &connection);
  if (open_.empty() && when_empty_) std::exchange(when_empty_, nullptr)();
}

void Connections::drain(std::function<void()> empty) {
  if (open_.empty()) return empty();
  when_empty_ = std::move(empty);
  for (auto* connection : std::vector<Connection*>(open_)) connection->drain();
}

void Connections::cut() {
  for (auto* connection : std::vector<Connection*>(open_)) connection->cut();
}

}  // namespace gembal::daemon::front
