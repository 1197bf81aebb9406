// The request's half of our own HTTP/1.1: head and body, whole or made while they are sent.

#include <charconv>

#include "lib/core/text.hpp"
#include "lib/http/body_feed.hpp"
#include "lib/http/plain_source.hpp"

namespace gembal::http {
namespace {

using asio::ip::tcp;

std::string chunk_size_line(std::size_t size) {
  char digits[20];
  const auto [end, failure] = std::to_chars(digits, digits + sizeof digits, size, 16);
  return std::string(digits, end) + "\r\n";
}

}  // namespace

std::string PlainSource::head_text() const {
  std::string text;
  text.reserve(512);
  text.append(request_.method)
      .append(" ")
      .append(target_)
      .append(" HTTP/1.1\r\nHost: ")
      .append(authority_)
      .append("\r\n");
  bool names_agent = false;
  for (const auto& line : request_.headers) {
    names_agent |= iequals(std::string_view(line).substr(0, 11), "user-agent:");
    text.append(line).append("\r\n");
  }
  if (!names_agent) text.append("User-Agent: ").append(pool_.options().user_agent).append("\r\n");
  const auto length_line = [&text](std::uint64_t length) {
    text.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
  };
  if (request_.body_source && !request_.body_source->length) {
    text.append("Transfer-Encoding: chunked\r\n");
  } else if (request_.body_source) {
    length_line(*request_.body_source->length);
  } else if (request_.body) {
    length_line(request_.body->size());
  }
  return text.append("\r\n");
}

/// Sends what it can. A connection that breaks may have a reply in it all the same: reading tells.
async::Task<void> PlainSource::send() {
  const std::string head_bytes = head_text();
  const std::string_view body =
      request_.body ? std::string_view(*request_.body) : std::string_view();
  std::size_t sent = 0;
  while (sent < head_bytes.size() + body.size() && !done_) {
    const auto from_head = std::min(sent, head_bytes.size());
    const auto from_body = sent - from_head;
    const std::array<asio::const_buffer, 2> rest = {
        asio::buffer(head_bytes) + from_head, asio::buffer(body.data(), body.size()) + from_body};
    std::error_code failure;
    sent += connection_->socket.write_some(rest, failure);
    if (would_block(failure)) {
      co_await connection_->socket.async_wait(tcp::socket::wait_write,
                                              asio::redirect_error(async::use_task, failure));
    }
    if (failure) co_return;
  }
}

void PlainSource::stop_upload() {
  if (!uploading()) return;
  upload_->stopped = true;
  stall_.clear();
  phase_.set(within_);
}

/// Sends a streamed body beside the coroutine that reads the reply. `this` is there until `upload`
/// is stopped.
async::Task<void> PlainSource::send_body(std::shared_ptr<Upload> upload) {
  const auto source = request_.body_source;
  auto left = source->length;
  bool ended = left == 0u;
  while (!ended) {
    auto piece = co_await source->next();
    if (upload->stopped) co_return;
    if (!piece) {
      abort(std::move(piece).error());
      co_return;
    }
    ended = !*piece;
    std::string bytes = *piece ? **std::move(piece) : std::string();
    if (left) {
      if (bytes.size() > *left || (ended && *left > 0)) {
        abort(wrong_body_length());
        co_return;
      }
      *left -= bytes.size();
      ended = *left == 0;
    } else if (ended) {
      bytes = "0\r\n\r\n";
    } else if (!bytes.empty()) {
      bytes.insert(0, chunk_size_line(bytes.size()));
      bytes.append("\r\n");
    }
    std::error_code failure;
    for (std::size_t sent = 0; sent < bytes.size() && !failure;) {
      sent += connection_->socket.write_some(asio::buffer(bytes) + sent, failure);
      if (!would_block(failure)) continue;
      stall_.set(request_.timeouts.idle);
      co_await connection_->socket.async_wait(tcp::socket::wait_write,
                                              asio::redirect_error(async::use_task, failure));
      if (upload->stopped) co_return;
      stall_.clear();
    }
    if (failure) {  // reading tells whether there is a reply all the same
      stop_upload();
      co_return;
    }
    if (ended) break;
    // A source that never waits would keep the loop from everybody else, and us from an early
    // reply.
    co_await asio::post(pool_.loop().executor(), async::use_task);
    if (upload->stopped) co_return;
  }
  upload->complete = true;
  phase_.set(within_);
}

}  // namespace gembal::http
