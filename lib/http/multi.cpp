#include "lib/http/multi.hpp"

#include <cstdlib>
#include <mutex>

#include "lib/http/url.hpp"

namespace gembal::http {
namespace {

constexpr std::size_t kSpareHandles = 256;
constexpr int kEventsPerPass = 128;

bool environment_names_a_proxy() {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"}) {
    const char* value = std::getenv(name);
    if (value && *value) return true;
  }
  return false;
}

void set_method_and_body(CURL* easy, const Request& request) {
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, nullptr);
  if (request.body || request.body_source) {
    curl_off_t size = -1;  // not known: in chunks
    if (request.body) size = static_cast<curl_off_t>(request.body->size());
    if (request.body_source && request.body_source->length)
      size = static_cast<curl_off_t>(*request.body_source->length);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body ? request.body->data() : nullptr);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
    if (request.method != "POST")
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_NOBODY, request.method == "HEAD" ? 1L : 0L);
    if (request.method != "GET" && request.method != "HEAD") {
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }
}

void set_proxy(CURL* easy, const Proxy* proxy, bool from_environment) {
  const bool has_login = proxy && !proxy->user.empty();
  const char* none = from_environment ? nullptr : "";
  curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy->address.c_str() : none);
  // What is configured holds for every host: without this, no_proxy would take some out.
  curl_easy_setopt(easy, CURLOPT_NOPROXY, proxy ? "" : nullptr);
  curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, has_login ? proxy->user.reveal().c_str() : nullptr);
  curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD,
                   has_login ? proxy->password.reveal().c_str() : nullptr);
}

}  // namespace

Multi::Multi(async::Loop& loop, ClientOptions options)
    : loop_(loop),
      options_(std::move(options)),
      sockets_(loop.executor()),
      timer_(loop.executor()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  proxy_from_environment_ = environment_names_a_proxy();
  multi_.reset(curl_multi_init());
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Multi::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Multi::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS,
                    static_cast<long>(options_.max_connections));
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  sockets_.assign(epoll_);
  watch_sockets();
}

Multi::~Multi() {
  *alive_ = false;
  spare_.clear();
  multi_.reset();  // closes its connections, which calls on_close
}

bool Multi::uses_proxy(std::string_view url) const {
  return proxy_from_environment_ && !is_loopback(url);
}

// Options that never change are set once per handle: handles are kept and used again.
void Multi::prepare(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  Transfer::install_callbacks(easy);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Multi::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // The head of a proxy's answer to CONNECT would pass for that of the reply.
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // the path is passed through byte for byte
}

EasyHandle Multi::take_easy() {
  if (!spare_.empty()) {
    auto easy = std::move(spare_.back());
    spare_.pop_back();
    return easy;
  }
  EasyHandle easy(curl_easy_init());
  if (easy) prepare(easy.get());
  return easy;
}

void Multi::give_back(EasyHandle easy) {
  if (easy && spare_.size() < kSpareHandles) spare_.push_back(std::move(easy));
}

void Multi::start(Transfer& transfer) {
  transfer.easy = take_easy();
  CURL* easy = transfer.easy.get();
  if (!easy) return transfer.fail({ErrorKind::internal, "no memory for an upstream request"});
  const Request& request = transfer.request;

  curl_slist* list = nullptr;
  for (const auto& line : request.headers) list = curl_slist_append(list, line.c_str());
  // Empty values take curl's own defaults out: Accept, and Expect, which would cost a round trip.
  for (const char* line : {"Accept:", "Expect:"}) list = curl_slist_append(list, line);
  if (request.body || (request.body_source && request.body_source->length))
    list = curl_slist_append(list, "Transfer-Encoding:");
  transfer.header_list.reset(list);

  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.timeouts.connect.count()));
  // A connection of another request may lead to where this one must not go, and so may a proxy.
  const bool guarded = static_cast<bool>(request.may_connect);
  set_proxy(easy, request.proxy.get(), uses_proxy(request.url) && !guarded);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, guarded ? &Transfer::on_connect : nullptr);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, guarded ? &transfer : nullptr);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, guarded ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, guarded ? 1L : 0L);

  set_method_and_body(easy, request);

  transfer.phase.set(request.timeouts.header);
  transfer.total.set(request.timeouts.total);
  transfer.attached = true;
  curl_multi_add_handle(multi_.get(), easy);
}

void Multi::remove(Transfer& transfer) {
  if (!transfer.attached) return;
  transfer.attached = false;
  if (transfer.feed) transfer.feed->stop();
  curl_multi_remove_handle(multi_.get(), transfer.easy.get());
  curl_easy_setopt(transfer.easy.get(), CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(transfer.easy.get(), CURLOPT_POSTFIELDS, nullptr);
  give_back(std::move(transfer.easy));
}

// Un-pausing may call on_body at once, which only appends and signals.
void Multi::resume(Transfer& transfer) {
  if (!transfer.attached) return;
  transfer.rearm();
  int still = CURLPAUSE_CONT;
  if (transfer.paused) still |= CURLPAUSE_RECV;
  if (transfer.send_paused) still |= CURLPAUSE_SEND;
  curl_easy_pause(transfer.easy.get(), still);
  kick();
}

int Multi::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& multi = *static_cast<Multi*>(self);
  std::uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  multi.wanted_[socket] = events;
  auto& registered = multi.in_epoll_[socket];
  // Interest that is no longer wanted is taken back only when it fires: a kept-alive connection
  // comes back soon.
  if ((events & ~registered) == 0) return 0;
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  ::epoll_ctl(multi.epoll_, registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  registered = events;
  return 0;
}

int Multi::on_close(void* self, curl_socket_t socket) {
  auto& multi = *static_cast<Multi*>(self);
  multi.in_epoll_.erase(socket);
  multi.wanted_.erase(socket);
  return ::close(socket);  // takes it out of the epoll set, too
}

int Multi::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& multi = *static_cast<Multi*>(self);
  if (timeout_ms < 0) {
    multi.timer_at_ = {};
    return 0;
  }
  multi.timer_at_ = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
  if (timeout_ms == 0) {
    multi.kick();
  } else {
    multi.arm_timer();
  }
  return 0;
}

// The timer is only ever moved forward: when it fires early, it looks again.
void Multi::arm_timer() {
  if (armed_at_ <= timer_at_) return;
  armed_at_ = timer_at_;
  timer_.expires_at(timer_at_);
  timer_.async_wait([this, alive = alive_](std::error_code failure) {
    if (failure || !*alive) return;
    armed_at_ = async::SteadyTime::max();
    if (timer_at_ == async::SteadyTime{}) return;
    if (std::chrono::steady_clock::now() >= timer_at_) {
      timer_at_ = {};
      act(CURL_SOCKET_TIMEOUT, 0);
      drain();
    } else {
      arm_timer();
    }
  });
}

// curl asks to be called "now" once for each request that starts: one posted call serves all of a
// batch.
void Multi::kick() {
  if (kick_posted_) return;
  kick_posted_ = true;
  asio::post(loop_.executor(), [this, alive = alive_] {
    if (!*alive) return;
    kick_posted_ = false;
    act(CURL_SOCKET_TIMEOUT, 0);
    drain();
  });
}

void Multi::act(curl_socket_t socket, int mask) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, mask, &running);
}

void Multi::watch_sockets() {
  sockets_.async_wait(Descriptor::wait_read, [this, alive = alive_](std::error_code failure) {
    if (failure || !*alive) return;
    serve_sockets();
    watch_sockets();
  });
}

void Multi::serve_sockets() {
  epoll_event events[kEventsPerPass];
  const int count = ::epoll_wait(epoll_, events, kEventsPerPass, 0);
  for (int i = 0; i < count; ++i) {
    const curl_socket_t socket = events[i].data.fd;
    const auto wanted = wanted_.find(socket);
    if (wanted == wanted_.end() || wanted->second == 0) {
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
      in_epoll_.erase(socket);
      continue;
    }
    if ((events[i].events & (EPOLLERR | EPOLLHUP)) == 0 &&
        (events[i].events & wanted->second) == 0) {
      epoll_event event{};
      event.events = wanted->second;
      event.data.fd = socket;
      ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event);
      in_epoll_[socket] = wanted->second;
      continue;
    }
    int mask = 0;
    if (events[i].events & EPOLLIN) mask |= CURL_CSELECT_IN;
    if (events[i].events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
    if (events[i].events & (EPOLLERR | EPOLLHUP)) mask |= CURL_CSELECT_ERR;
    act(socket, mask);
  }
  drain();
}

void Multi::drain() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    const CURLcode code = message->data.result;  // remove() frees the message
    if (transfer) transfer->finish(code);
  }
}

}  // namespace gembal::http
