#include "cmd/api_access.hpp"

#include "daemon/store_writer.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::cmd {
namespace {

using upstream::Form;

constexpr std::size_t kReplyBytes = 256u << 20;
constexpr std::size_t kErrorBytes = 1 << 20;

TimePoint now() { return std::chrono::system_clock::now(); }

/// The pool of one: a daemon's token in the place of a key.
keypool::Key token_as_key(const Secret& token) {
  keypool::Key key;
  key.secret = token;
  key.id = token.id();
  return key;
}

}  // namespace

void add_via_options(CLI::App& command, Via& via) {
  command.add_option("--via", via.url, "Go through a daemon's pool (client.url)")->type_name("URL");
  command
      .add_option("--token", via.token,
                  "The daemon's token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)")
      ->type_name("TOKEN");
}

Result<std::unique_ptr<ApiAccess>> ApiAccess::open(const Context& context,
                                                   const config::Loaded& loaded, const Via& via) {
  auto config = loaded.config;
  auto address = via.url.empty() ? config.client.url : via.url;
  const auto token = via.token.empty() ? config.client.token : Secret(via.token);
  if (!address.empty()) {
    while (address.ends_with('/')) address.pop_back();
    config.upstream.base_url = address + "/v1beta";
    config.upstream.headers.clear();  // they are for the API
    config.upstream.proxies.clear();
    config.pool.max_retries = 0;  // the daemon's own are enough
    if (token.empty()) {
      return Error{ErrorKind::usage, "the daemon at " + address + " wants a token",
                   "give it in GEMBAL_CLIENT_TOKEN, client.token or --token"};
    }
  }
  const auto live = daemon::make_live(config, {}, {}, false);
  if (!live) {
    if (address.empty()) return live.error();
    return Error{ErrorKind::usage, "'" + address + "' is no address of a daemon",
                 "it looks like http://127.0.0.1:8000"};
  }
  std::unique_ptr<ApiAccess> access(new ApiAccess(context, config, *live, address));
  if (!address.empty()) {
    access->pool_.replace({token_as_key(token)}, now());
    return access;
  }
  auto store = store::KeyStore::open(config.store.url);
  if (!store) return std::move(store).error();
  access->store_.emplace(*std::move(store));
  const auto filled = daemon::load_pool(*access->store_, access->pool_, now());
  if (!filled) return filled.error();
  return access;
}

ApiAccess::ApiAccess(const Context& context, config::Config config,
                     std::shared_ptr<const daemon::Live> live, std::string via)
    : context_(context),
      live_(std::move(live)),
      via_(std::move(via)),
      pool_(config.pool.policy),
      client_(loop_, {}),
      dispatcher_(loop_, client_, pool_, proxies_, [this](keypool::Report report) {
        std::move(report.changes.begin(), report.changes.end(), std::back_inserter(changes_));
      }) {
  daemon::take_proxies(proxies_, config.upstream);
}

ApiAccess::~ApiAccess() {
  if (const auto saved = save(); !saved) print_error(context_, saved.error());
}

Result<void> ApiAccess::save() {
  if (!store_) return {};
  auto used = pool_.take_usage(now());
  if (changes_.empty() && used.empty()) return {};
  return store_->write({std::exchange(changes_, {}), std::move(used), {}});
}

upstream::Call ApiAccess::call(std::string method, const std::string& path,
                               const std::string& query) const {
  upstream::Call call;
  call.method = std::move(method);
  call.url = live_->upstream.url(path, query);
  call.headers = live_->extra_headers;
  return call;
}

std::string ApiAccess::root_url(const std::string& path, const std::string& query) const {
  return live_->upstream.url("", path, query);
}

upstream::Call ApiAccess::model_call(const std::string& model, const std::string& method,
                                     std::string body) const {
  const bool streams = method == "streamGenerateContent";
  auto made = call("POST", "/models/" + model + ":" + method, streams ? "alt=sse" : "");
  made.headers.push_back("content-type: application/json");
  made.body = std::make_shared<const std::string>(std::move(body));
  made.model = model;
  if (streams) {
    made.form = Form::sse;
  } else if (method == "generateContent") {
    made.form = Form::unary;
  }
  return made;
}

async::Task<Result<upstream::Answer>> ApiAccess::open(upstream::Call call) {
  upstream::Journey journey;
  auto opened = co_await dispatcher_.open(std::move(call), live_->limits, *interrupt_, journey);
  if (!opened) {
    auto error = std::move(opened).error();
    if (!via_.empty() && error.kind == ErrorKind::no_usable_key) {
      error = Error{
          ErrorKind::no_usable_key, "the daemon at " + via_ + " refuses the token",
          "a good one is in auth.tokens there, or was printed when 'gembal serve' first started"};
    }
    co_return error;
  }
  co_return std::move(opened);
}

async::Task<Result<upstream::Answer>> ApiAccess::send(upstream::Call call) {
  auto opened = co_await open(std::move(call));
  if (!opened || opened->status() < 400) co_return std::move(opened);
  const int status = opened->status();
  const auto body = co_await opened->rest(kErrorBytes);
  const auto kind = status < 500 ? ErrorKind::bad_request : ErrorKind::upstream;
  co_return Error{kind,
                  (via_.empty() ? "the API answered " : "the daemon answered ") +
                      std::to_string(status) + ": " + gemini::message_of(body ? *body : ""),
                  ""};
}

async::Task<Result<std::string>> ApiAccess::fetch(upstream::Call call) {
  auto answer = co_await send(std::move(call));
  if (!answer) co_return std::move(answer).error();
  auto body = co_await answer->rest(kReplyBytes);
  co_return body;
}

}  // namespace gembal::cmd
