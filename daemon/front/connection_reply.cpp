// The reply's half of a connection: framing, sending together what comes together, and giving up.

#include <sys/socket.h>

#include <charconv>
#include <ctime>

#include "daemon/front/connection.hpp"

namespace gembal::daemon::front {
namespace {

constexpr std::size_t kSendTogether = 32 * 1024;

void append_number(std::string& out, std::uint64_t number, int base) {
  char digits[24];
  const auto [end, failure] = std::to_chars(digits, digits + sizeof digits, number, base);
  out.append(digits, end);
}

/// "Tue, 24 Nov 2026 20:00:00 GMT", made once a second.
const std::string& http_date() {
  thread_local std::time_t made_for = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now == made_for) return text;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char buffer[40];
  text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  made_for = now;
  return text;
}

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

void Connection::begin(int status, const Headers& headers, std::optional<std::uint64_t> length) {
  status_ = status;
  replied_ = std::chrono::steady_clock::now();
  if (draining_ || (body_ && !body_->complete)) keep_alive_ = false;
  out_ += "HTTP/1.1 ";
  append_number(out_, static_cast<std::uint64_t>(status), 10);
  out_ += ' ';
  out_ += reason_phrase(status);
  out_ += "\r\n";
  bool has_date = false;
  for (const auto& [name, value] : headers) {
    has_date |= name == "date";
    out_.append(name).append(": ").append(value).append("\r\n");
  }
  if (!has_date) out_.append("date: ").append(http_date()).append("\r\n");
  if (has_no_body(status)) {
    framing_ = Framing::length;
    length_left_ = 0;
  } else if (length) {
    framing_ = Framing::length;
    length_left_ = *length;
    out_ += "content-length: ";
    append_number(out_, *length, 10);
    out_ += "\r\n";
  } else if (request_.head.minor_version == 1) {
    framing_ = Framing::chunked;
    out_ += "transfer-encoding: chunked\r\n";
  } else {
    framing_ = Framing::until_close;
    keep_alive_ = false;
  }
  if (!keep_alive_) {
    out_ += "connection: close\r\n";
  } else if (request_.head.minor_version == 0) {
    out_ += "connection: keep-alive\r\n";
  }
  out_ += "\r\n";
}

async::Task<bool> Connection::write(std::string_view piece, Flush how) {
  if (phase_ == Phase::closed || cut_) co_return false;
  body_bytes_ += piece.size();
  if (request_.head.method != "HEAD" && !piece.empty()) {
    if (framing_ == Framing::length) {
      // More than was announced would be read as the next reply.
      if (piece.size() > length_left_) piece = piece.substr(0, length_left_);
      length_left_ -= piece.size();
      out_ += piece;
    } else if (framing_ == Framing::chunked) {
      append_number(out_, piece.size(), 16);
      out_.append("\r\n").append(piece).append("\r\n");
    } else {
      out_ += piece;
    }
  }
  if (how == Flush::later && out_.size() < kSendTogether) co_return true;
  const bool sent = co_await flush();
  co_return sent;
}

async::Task<bool> Connection::finish() {
  if (phase_ == Phase::closed || cut_) co_return false;
  if (framing_ == Framing::length && length_left_ > 0 && request_.head.method != "HEAD") {
    abandon(Cut::close);
    co_return false;
  }
  if (framing_ == Framing::chunked && request_.head.method != "HEAD") out_ += "0\r\n\r\n";
  framing_ = Framing::none;
  const bool sent = co_await flush();
  co_return sent;
}

async::Task<void> Connection::answer_raw(std::string bytes) {
  status_ = 200;
  keep_alive_ = false;
  framing_ = Framing::none;
  out_ = std::move(bytes);
  co_await flush();
}

void Connection::abandon(Cut how) {
  cut_ = true;
  keep_alive_ = false;
  if (phase_ == Phase::closed) return;
  // A reset tells the client that the reply is not whole, even where its end is the end of the
  // connection.
  if (framing_ == Framing::until_close || how == Cut::reset) {
    std::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  }
  close();
}

async::Task<bool> Connection::answer(Response response) {
  begin(response.status, response.headers, response.body.size());
  const bool sent = co_await write(response.body, Flush::later);
  if (!sent) co_return false;
  const bool ended = co_await finish();
  co_return ended;
}

async::Task<bool> Connection::flush() {
  std::size_t sent = 0;
  while (sent < out_.size()) {
    std::error_code failure;
    const auto count =
        socket_.write_some(asio::buffer(out_.data() + sent, out_.size() - sent), failure);
    if (!failure) {
      sent += count;
      continue;
    }
    if (failure != asio::error::would_block && failure != asio::error::try_again) {
      close();
      break;
    }
    deadline_.set(limits_.write_stall);
    co_await socket_.async_wait(Socket::wait_write, asio::redirect_error(async::use_task, failure));
    deadline_.clear();
    if (failure || phase_ == Phase::closed) {
      close();
      break;
    }
  }
  const bool whole = sent == out_.size();
  out_.clear();
  if (out_.capacity() > 4 * kSendTogether) out_.shrink_to_fit();
  co_return whole;
}

}  // namespace gembal::daemon::front
