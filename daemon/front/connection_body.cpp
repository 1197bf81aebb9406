// The request body's half of a connection: read whole before the handler is called, or handed to it
// piece by piece.

#include <limits>

#include "daemon/front/connection.hpp"

namespace gembal::daemon::front {
namespace {

constexpr std::size_t kBodyStep =
    256 * 1024;  // a body's memory grows as it comes, whatever length was announced
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

async::Task<bool> Connection::read_body() {
  const auto& head = request_.head;
  const auto length = head.content_length.value_or(0);
  if (!head.chunked && length == 0) co_return true;
  if (length > limits_.max_body_bytes) {
    co_await refuse(413, "the request body is larger than " +
                             std::to_string(limits_.max_body_bytes) + " bytes");
    co_return false;
  }
  phase_ = Phase::body;
  if (head.expects_continue && in_.empty()) {
    out_ += kContinue;
    const bool sent = co_await flush();
    if (!sent) co_return false;
    phase_ = Phase::body;
  }
  if (head.chunked) {
    const bool read = co_await read_chunked_body();
    co_return read;
  }

  auto& body = request_.body;
  if (in_.size() >= length) {
    body = in_.substr(0, length);
    in_.erase(0, length);
    co_return true;
  }
  body = std::move(in_);
  in_.clear();
  while (body.size() < length) {
    deadline_.set(limits_.body_idle);
    bool arrived = true;
    if (reading_) {
      arrived = co_await more();
      const auto count = std::min<std::size_t>(in_.size(), length - body.size());
      body.append(in_, 0, count);
      in_.erase(0, count);
    } else {
      const auto have = body.size();
      body.resize(std::min<std::size_t>(length, have + std::max(kBodyStep, have)));
      std::error_code failure;
      const auto count =
          co_await socket_.async_read_some(asio::buffer(body.data() + have, body.size() - have),
                                           asio::redirect_error(async::use_task, failure));
      body.resize(have + count);
      arrived = !failure;
    }
    if (!arrived) {
      if (timed_out_) co_await refuse(408, "the request's body did not arrive in time");
      co_return false;
    }
  }
  deadline_.clear();
  co_return true;
}

async::Task<bool> Connection::read_chunked_body() {
  http::ChunkReader chunks(limits_.max_body_bytes);
  for (;;) {
    in_.erase(0, chunks.read(in_, request_.body));
    if (chunks.state() == http::ChunkReader::State::complete) {
      deadline_.clear();
      co_return true;
    }
    if (chunks.state() == http::ChunkReader::State::refused) {
      if (chunks.too_large()) {
        co_await refuse(413, "the request body is larger than " +
                                 std::to_string(limits_.max_body_bytes) + " bytes");
      } else {
        co_await refuse(400, "malformed chunked body");
      }
      co_return false;
    }
    deadline_.set(limits_.body_idle);
    const bool more_came = co_await more();
    if (!more_came) {
      if (timed_out_) co_await refuse(408, "the request's body did not arrive in time");
      co_return false;
    }
  }
}

void Connection::begin_streamed_body() {
  const auto& head = request_.head;
  body_ = std::make_shared<StreamedBody>();
  if (head.chunked) body_->chunks.emplace(std::numeric_limits<std::uint64_t>::max() / 2);
  body_->left = head.content_length.value_or(0);
  body_->complete = !head.chunked && body_->left == 0;
  body_->continue_due = head.expects_continue && !body_->complete;
}

/// Ends a call that still waits for a piece: whoever made it may outlive the handler.
void Connection::end_streamed_body() {
  if (!body_) return;
  body_->over = true;
  body_deadline_.clear();
  readable_.signal();
  in_.shrink_to_fit();  // the connection may rest for long
}

/// Takes what has arrived of the body out of `in_`.
std::string Connection::take_of_streamed_body() {
  auto& body = *body_;
  std::string piece;
  if (body.complete) return piece;
  if (body.chunks) {
    in_.erase(0, body.chunks->read(in_, piece));
    body.complete = body.chunks->state() == http::ChunkReader::State::complete;
    if (body.chunks->state() == http::ChunkReader::State::refused)
      body.error = Error{ErrorKind::bad_request, "malformed chunked body"};
    return piece;
  }
  if (in_.size() <= body.left) {
    piece.swap(in_);
  } else {
    piece = in_.substr(0, body.left);
    in_.erase(0, body.left);
  }
  body.left -= piece.size();
  body.complete = body.left == 0;
  return piece;
}

// One read of the small buffer tells that bytes come; a body's are then taken in large pieces. What
// goes wrong here, the next armed read reports.
void Connection::read_ahead() {
  const auto have = in_.size();
  if (have >= kBodyAhead) return;
  in_.resize(kBodyAhead);
  std::error_code failure;
  const auto count = socket_.read_some(asio::buffer(in_.data() + have, kBodyAhead - have), failure);
  in_.resize(have + count);
}

// Nothing is awaited: a reply may be written at the same time. What the kernel does not take goes
// out before it.
void Connection::say_continue() {
  body_->continue_due = false;
  if (begun() || !in_.empty()) return;
  out_ += kContinue;
  std::error_code failure;
  out_.erase(0, socket_.write_some(asio::buffer(out_), failure));
}

async::Task<Result<std::optional<std::string>>> Connection::next_body_piece() {
  const auto body = body_;
  if (!body) co_return std::optional<std::string>();
  while (!body->over && phase_ != Phase::closed) {
    if (body->error) co_return *body->error;
    std::string piece = take_of_streamed_body();
    if (wants_more_ahead()) arm_read();
    if (!piece.empty()) co_return std::optional<std::string>(std::move(piece));
    if (body->complete) co_return std::optional<std::string>();
    if (body->error) continue;
    if (body->continue_due) say_continue();
    body_deadline_.set(limits_.body_idle);
    co_await readable_.wait();
    if (body->over) break;  // the connection may be gone
    body_deadline_.clear();
  }
  co_return Error{ErrorKind::cancelled, "the client left"};
}

}  // namespace gembal::daemon::front
