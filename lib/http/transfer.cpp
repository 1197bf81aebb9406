#include "lib/http/transfer.hpp"

#include <charconv>
#include <cstring>

#include "lib/core/text.hpp"
#include "lib/http/multi.hpp"

namespace gembal::http {
namespace {

constexpr std::size_t kReadAhead = 64 * 1024;

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.arrived.size() >= kReadAhead) {
    transfer.paused = true;
    transfer.rearm();
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.head_complete = true;
  transfer.arrived.append(bytes, count);
  transfer.rearm();
  transfer.changed.signal();
  return count;
}

/// curl takes more of a streamed body: upstream has taken what came before.
std::size_t on_more_wanted(char* to, std::size_t, std::size_t room, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.feed) return 0;
  const auto count = transfer.feed->take(to, room);
  transfer.sending = !transfer.feed->ended();
  transfer.send_paused = count == 0 && transfer.sending;
  transfer.rearm();
  return transfer.send_paused ? CURL_READFUNC_PAUSE : count;
}

/// curl is about to send the request, perhaps again: on another connection, after the first was
/// closed or refused it.
int on_start(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.send_paused = false;
  transfer.started = true;
  transfer.rearm();
  return transfer.feed && transfer.feed->touched() ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view line = trim({bytes, count});
  if (line.starts_with("HTTP/")) {  // a new head: after 100 Continue, or curl's own second try
    transfer.head = {};
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), transfer.head.status);
    }
    return count;
  }
  if (line.empty()) {
    if (transfer.head.status >= 200) {
      transfer.head_complete = true;
      transfer.rearm();
      transfer.changed.signal();
    }
    return count;
  }
  if (transfer.head_complete) return count;  // a trailer
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  transfer.head.headers.emplace_back(lower(line.substr(0, colon)),
                                     std::string(trim(line.substr(colon + 1))));
  return count;
}

/// The address that curl is about to connect to.
std::optional<asio::ip::tcp::endpoint> endpoint_of(const curl_sockaddr& address) {
  if (address.family != AF_INET && address.family != AF_INET6) return std::nullopt;
  asio::ip::tcp::endpoint endpoint;
  if (address.addrlen > endpoint.capacity()) return std::nullopt;
  std::memcpy(endpoint.data(), &address.addr, address.addrlen);
  endpoint.resize(address.addrlen);
  return endpoint;
}

Error error_from(CURLcode code) {
  const std::string what = curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::timeout, "the upstream did not accept a connection in time"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorKind::upstream, "the upstream's name could not be resolved",
              "check the network and upstream.base_url"};
    case CURLE_COULDNT_CONNECT:
      return {ErrorKind::upstream, "the upstream refused the connection",
              "check the network and upstream.base_url"};
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2_STREAM: return {ErrorKind::upstream, "the upstream broke the connection off"};
    default: return {ErrorKind::upstream, "the upstream could not be asked: " + lower(what)};
  }
}

constexpr long kLoginWanted = 407;

Error proxy_error(const std::string& what) {
  return {ErrorKind::proxy, "the proxy " + what,
          "check upstream.proxies: 'gembal doctor' asks each"};
}

const char* refused_login(const Proxy& proxy) {
  return proxy.user.empty() ? "wants a login" : "refused the login";
}

/// What a SOCKS proxy has against it.
std::string socks_fault(long code, const Proxy& proxy) {
  if (code == CURLPX_USER_REJECTED || code == CURLPX_NO_AUTH) return refused_login(proxy);
  if (code >= CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED && code <= CURLPX_REPLY_UNASSIGNED)
    return "did not connect to the upstream";
  return "does not answer as a SOCKS proxy does";
}

/// The error of a transfer that failed on its way through a proxy; none when it got to upstream.
/// `started`: the request was sent.
std::optional<Error> proxy_error_from(CURLcode code, CURL* easy, const Proxy& proxy, bool started) {
  long answered = 0;
  long socks = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &answered);
  curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &socks);
  if (answered == kLoginWanted) return proxy_error(refused_login(proxy));
  if (answered >= 300)
    return proxy_error("did not connect to the upstream: HTTP " + std::to_string(answered));
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY: return proxy_error("has a name that could not be resolved");
    case CURLE_COULDNT_CONNECT: return proxy_error("refused the connection");
    case CURLE_PROXY:
      // With socks5:// names are looked up here.
      if (socks == CURLPX_RESOLVE_HOST) return error_from(CURLE_COULDNT_RESOLVE_HOST);
      return proxy_error(socks_fault(socks, proxy));
    // The only limit that curl is given is the one for connecting.
    case CURLE_OPERATION_TIMEDOUT: return proxy_error("did not connect in time");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return proxy_error("is no way to the upstream: " + lower(curl_easy_strerror(code)));
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      if (!started) return proxy_error("broke the connection off");
      return std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace

// curl tries a name's other addresses when one is refused.
curl_socket_t Transfer::on_connect(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  const auto endpoint = endpoint_of(*address);
  if (!endpoint || !transfer.request.may_connect(endpoint->address(), endpoint->port()))
    return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void Transfer::install_callbacks(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_more_wanted);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &on_start);
}

Transfer::Transfer(async::Loop& loop, Multi& owner, Request r)
    : multi(owner),
      request(std::move(r)),
      changed(loop),
      phase(loop,
            [this] {
              const char* slow = "the upstream did not answer in time";
              if (head_complete) slow = "the upstream stopped sending";
              if (sending) slow = "the upstream stopped taking the request";
              run_out(slow);
            }),
      total(loop, [this] { run_out("the upstream took too long"); }) {
  if (request.body_source) {
    feed = std::make_shared<BodyFeed>(loop, request.body_source, [this] { body_arrived(); });
  }
}

Transfer::~Transfer() { multi.remove(*this); }

// While our own side is slow, upstream owes us nothing.
void Transfer::rearm() {
  if (done || paused || send_paused) return phase.clear();
  phase.set(head_complete || sending ? request.timeouts.idle : request.timeouts.header);
}

void Transfer::body_arrived() {
  if (done) return;
  if (feed->error()) return fail(*feed->error());
  send_paused = false;
  multi.resume(*this);
}

async::Task<Result<void>> Transfer::wait_for_head() {
  while (!head_complete && !done) co_await changed.wait();
  if (head_complete && head.status >= 300 && std::exchange(sending, false)) {
    // curl sends no more to who has refused the request, but would wait for a paused body to go on.
    send_paused = false;
    multi.resume(*this);
  }
  if (head_complete && request.proxy && head.status == kLoginWanted) {
    const Error why = proxy_error(refused_login(*request.proxy));
    fail(why);  // unless it is over already
    co_return why;
  }
  if (head_complete) co_return Result<void>{};
  if (error) co_return *error;
  co_return Error{ErrorKind::upstream, "the upstream sent no reply", ""};
}

async::Task<std::optional<std::string_view>> Transfer::next() {
  while (arrived.empty() && !done) co_await changed.wait();
  if (arrived.empty()) co_return std::nullopt;
  taken.clear();
  taken.swap(arrived);
  if (std::exchange(paused, false)) multi.resume(*this);
  co_return std::string_view(taken);
}

void Transfer::fail(Error why) {
  if (done) return;
  done = true;
  error = std::move(why);
  phase.clear();
  total.clear();
  multi.remove(*this);
  changed.signal();
}

void Transfer::run_out(const char* slow) {
  if (request.proxy && !started) return fail(proxy_error("did not connect in time"));
  fail({ErrorKind::timeout, slow});
}

void Transfer::finish(CURLcode code) {
  if (done) return;
  done = true;
  phase.clear();
  total.clear();
  if (code != CURLE_OK) {
    if (request.proxy) error = proxy_error_from(code, easy.get(), *request.proxy, started);
    if (!error) error = error_from(code);
  }
  multi.remove(*this);
  changed.signal();
}

}  // namespace gembal::http
