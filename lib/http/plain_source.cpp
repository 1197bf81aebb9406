#include "lib/http/plain_source.hpp"

#include <charconv>
#include <limits>

#include "lib/core/release.hpp"
#include "lib/core/text.hpp"

namespace gembal::http {
namespace {

using asio::ip::tcp;

constexpr std::size_t kBuffer = 8 * 1024;
constexpr std::size_t kLargeBuffer = 64 * 1024;   // once a read filled the small one
constexpr auto kRest = std::chrono::seconds{55};  // servers close what rests for a minute or more

Error broke_off() { return {ErrorKind::upstream, "the upstream broke the connection off", ""}; }

/// Of "127.0.0.1:80", "[::1]" or "localhost:80"; empty for anything else.
std::vector<tcp::endpoint> endpoints_of(std::string_view authority) {
  const auto colon = authority.find_last_of(":]");
  const bool has_port = colon != std::string_view::npos && authority[colon] == ':';
  auto host = has_port ? authority.substr(0, colon) : authority;
  unsigned short port = 80;
  if (has_port) {
    const auto digits = authority.substr(colon + 1);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (failure != std::errc() || end != digits.data() + digits.size()) return {};
  }
  if (iequals(host, "localhost")) {
    return {{asio::ip::address_v4::loopback(), port}, {asio::ip::address_v6::loopback(), port}};
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::error_code failure;
  const auto address = asio::ip::make_address(std::string(host), failure);
  if (failure) return {};
  return {{address, port}};
}

std::string_view authority_of(std::string_view url) {
  const auto rest = url.substr(std::string_view("http://").size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

PlainPool::PlainPool(async::Loop& loop, ClientOptions options)
    : loop_(loop), options_(std::move(options)), sweep_(loop, [this] { close_old(); }) {}

std::unique_ptr<PlainConnection> PlainPool::take(const std::string& authority) {
  const auto known = resting_.find(authority);
  if (known == resting_.end() || known->second.empty()) return nullptr;
  auto connection = std::move(known->second.back());
  known->second.pop_back();
  --count_;
  return connection;
}

void PlainPool::give_back(const std::string& authority,
                          std::unique_ptr<PlainConnection> connection) {
  if (count_ >= options_.max_connections) return;
  connection->start = connection->end = 0;
  if (connection->buffer.size() > kBuffer) release(connection->buffer);
  connection->idle_since = std::chrono::steady_clock::now();
  resting_[authority].push_back(std::move(connection));
  if (count_++ == 0) sweep_.set(kRest);
}

void PlainPool::close_old() {
  const auto oldest = std::chrono::steady_clock::now() - kRest;
  for (auto& [authority, connections] : resting_) {
    count_ -= std::erase_if(
        connections, [oldest](const auto& connection) { return connection->idle_since <= oldest; });
  }
  std::erase_if(resting_, [](const auto& entry) { return entry.second.empty(); });
  if (count_ > 0) sweep_.set(kRest);
}

bool PlainSource::can_reach(std::string_view url) {
  return url.starts_with("http://") && !endpoints_of(authority_of(url)).empty();
}

PlainSource::PlainSource(PlainPool& pool, Request request)
    : pool_(pool),
      request_(std::move(request)),
      phase_(pool.loop(),
             [this] {
               abort({ErrorKind::timeout, slow_, ""});
             }),
      stall_(pool.loop(),
             [this] {
               abort({ErrorKind::timeout, "the upstream stopped taking the request", ""});
             }),
      total_(pool.loop(), [this] {
        abort({ErrorKind::timeout, "the upstream took too long", ""});
      }) {
  authority_ = authority_of(request_.url);
  target_ = request_.url.substr(std::string_view("http://").size() + authority_.size());
  if (!target_.starts_with('/')) target_.insert(0, "/");
  total_.set(request_.timeouts.total);
}

PlainSource::~PlainSource() {
  if (upload_) upload_->stopped = true;
}

// Closing the socket wakes whoever waits on it.
void PlainSource::abort(Error why) {
  if (done_) return;
  stop_upload();
  done_ = true;
  error = std::move(why);
  piece_ = {};
  phase_.clear();
  total_.clear();
  if (!connection_) return;
  std::error_code ignored;
  connection_->socket.close(ignored);
}

/// Leaves `error` set when it fails.
async::Task<void> PlainSource::connect() {
  expect("the upstream did not accept a connection in time", request_.timeouts.connect);
  connection_ = std::make_unique<PlainConnection>(pool_.loop());
  std::error_code failure;
  for (const auto& endpoint : endpoints_of(authority_)) {
    if (done_) co_return;
    auto& socket = connection_->socket;
    std::error_code ignored;
    socket.close(ignored);
    co_await socket.async_connect(endpoint, asio::redirect_error(async::use_task, failure));
    if (failure) continue;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    socket.non_blocking(true, ignored);
    co_return;
  }
  if (!done_)
    abort({ErrorKind::upstream, "the upstream refused the connection",
           "check the network and upstream.base_url"});
}

/// What upstream owes us next. While a body is sent it owes us nothing.
void PlainSource::expect(const char* slow, std::chrono::milliseconds within) {
  slow_ = slow;
  within_ = within;
  phase_.set(uploading() ? std::chrono::milliseconds{0} : within);
}

/// Waits until there is more in the buffer; false at the end, or when it broke.
async::Task<bool> PlainSource::read_more() {
  auto& connection = *connection_;
  if (connection.start == connection.end) connection.start = connection.end = 0;
  if (connection.buffer.empty()) connection.buffer.resize(kBuffer);
  if (connection.end == connection.buffer.size()) {
    if (connection.start > 0) {
      connection.buffer.erase(0, connection.start);
      connection.end -= connection.start;
      connection.start = 0;
    }
    connection.buffer.resize(std::max(kLargeBuffer, connection.end + kBuffer));
  }
  std::error_code failure;
  co_await connection.socket.async_wait(tcp::socket::wait_read,
                                        asio::redirect_error(async::use_task, failure));
  for (;;) {
    if (failure || done_) co_return false;
    const auto count =
        connection.socket.read_some(asio::buffer(connection.buffer.data() + connection.end,
                                                 connection.buffer.size() - connection.end),
                                    failure);
    connection.end += count;
    if (count > 0) co_return true;
    if (!would_block(failure)) co_return false;
    co_await connection.socket.async_wait(tcp::socket::wait_read,
                                          asio::redirect_error(async::use_task, failure));
  }
}

async::Task<PlainSource::Arrival> PlainSource::read_head() {
  expect("the upstream did not answer in time", request_.timeouts.header);
  for (;;) {
    const bool more_came = co_await read_more();
    if (!more_came) co_return connection_->unread().empty() ? Arrival::nothing : Arrival::failed;
    std::size_t consumed = 0;
    const auto progress =
        read_reply_head(connection_->unread(), request_.method == "HEAD", reply_, consumed);
    if (progress == ReplyHeadProgress::incomplete) continue;
    if (progress == ReplyHeadProgress::malformed) {
      abort({ErrorKind::upstream, "the upstream's reply is no HTTP", "check upstream.base_url"});
      co_return Arrival::failed;
    }
    connection_->start += consumed;
    co_return Arrival::head;
  }
}

async::Task<Result<void>> PlainSource::wait_for_head() {
  auto arrival = Arrival::nothing;
  for (int tries = 0; tries < 2 && !done_; ++tries) {
    // A streamed body can be sent only once: not over what rested and may have died.
    if (tries == 0 && !request_.body_source) connection_ = pool_.take(authority_);
    reused_ = tries == 0 && connection_ != nullptr;
    if (!reused_) co_await connect();
    if (done_) break;
    expect("the upstream did not answer in time", request_.timeouts.header);
    co_await send();
    if (request_.body_source && !done_) {
      upload_ = std::make_shared<Upload>();
      pool_.loop().spawn(send_body(upload_));
    }
    arrival = co_await read_head();
    // Only what rested may have died without anybody's fault.
    if (arrival != Arrival::nothing || !reused_) break;
  }
  if (arrival != Arrival::head && !done_) abort(broke_off());
  if (error) co_return *error;

  head = std::move(reply_.head);
  left_ = reply_.length;
  if (reply_.body == ReplyHead::Body::until_close)
    left_ = std::numeric_limits<std::uint64_t>::max();
  if (reply_.body == ReplyHead::Body::chunked)
    chunks_.emplace(std::numeric_limits<std::uint64_t>::max() / 2);
  expect("the upstream stopped sending", request_.timeouts.idle);
  if (head.status >= 300) stop_upload();
  if (reply_.body == ReplyHead::Body::none ||
      (reply_.body == ReplyHead::Body::length && left_ == 0)) {
    end();
  } else {
    take_body();
  }
  co_return Result<void>{};
}

/// Makes a piece of what is in the buffer.
void PlainSource::take_body() {
  const auto unread = connection_->unread();
  if (unread.empty()) return;
  if (!chunks_) {
    piece_ =
        unread.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, unread.size())));
    connection_->start += piece_.size();
    left_ -= piece_.size();
    if (left_ == 0) end();
    return;
  }
  decoded_.clear();
  connection_->start += chunks_->read(unread, decoded_);
  piece_ = decoded_;
  if (chunks_->state() == ChunkReader::State::complete) end();
  if (chunks_->state() == ChunkReader::State::refused) abort(broke_off());
}

/// The body is whole. A piece may still lie in the connection's buffer, so it stays until the next
/// call.
void PlainSource::end() {
  stop_upload();
  done_ = true;
  phase_.clear();
  total_.clear();
}

async::Task<std::optional<std::string_view>> PlainSource::next() {
  while (piece_.empty() && !done_) {
    const bool more_came = co_await read_more();
    if (more_came) {
      expect(slow_, request_.timeouts.idle);
      take_body();
    } else if (!done_) {
      if (reply_.body == ReplyHead::Body::until_close) {
        end();
      } else {
        abort(broke_off());
      }
    }
  }
  if (!piece_.empty()) co_return std::exchange(piece_, {});
  // A reply that nobody reads to its end takes its connection with it; bytes behind the end mean
  // that nobody knows what comes next.
  const bool all_sent = !upload_ || upload_->complete;
  if (connection_ && !error && all_sent && reply_.keeps_connection &&
      connection_->unread().empty()) {
    pool_.give_back(authority_, std::move(connection_));
  }
  connection_.reset();
  co_return std::nullopt;
}

bool PlainSource::ready() const { return !piece_.empty() || done_; }

}  // namespace gembal::http
