#include "daemon/daemon.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "daemon/admin/desk.hpp"
#include "daemon/front/pages.hpp"
#include "daemon/kept.hpp"
#include "daemon/model_catalog.hpp"
#include "daemon/picture_hosting.hpp"
#include "daemon/recovery.hpp"
#include "daemon/running_responses.hpp"
#include "daemon/sandbox/embedded.hpp"
#include "daemon/store_writer.hpp"
#include "daemon/worker.hpp"
#include "lib/core/digest.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

constexpr const char* kTokenName = "client_token";
constexpr int kSandboxKeys = 3;
constexpr std::chrono::seconds kCloseTime{15};  // after the drain: what was learned is written
constexpr auto kSweepInterval = std::chrono::minutes{5};
constexpr std::chrono::milliseconds kSettingsAgain{500};

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

keypool::Key key_of(const Secret& secret, bool paid = false) {
  keypool::Key key;
  key.secret = secret;
  key.id = secret.id();
  key.paid = paid;
  return key;
}

std::vector<keypool::Key> keys_from(const std::vector<Secret>& secrets, bool paid = false) {
  std::vector<keypool::Key> keys;
  for (const auto& secret : secrets) keys.push_back(key_of(secret, paid));
  return keys;
}

void tell(const keypool::Notice& notice) {
  if (notice.bad) {
    log::warn(notice.text, {{"about", notice.about}});
  } else {
    log::info(notice.text, {{"about", notice.about}});
  }
}

/// The operator is told what the pool has noticed; the store remembers what it has learned.
void take_note(StoreWriter& writer, keypool::Report report) {
  for (const auto& notice : report.notices) tell(notice);
  if (!report.changes.empty()) writer.remember(std::move(report.changes));
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t loop_count(const config::Config& config) {
  if (config.server.threads > 0) return static_cast<std::size_t>(config.server.threads);
  return std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
}

/// Everything the daemon owns, in the order in which it is built; taken down in reverse.
class Daemon {
 public:
  explicit Daemon(Options options)
      : options_(std::move(options)),
        pool_(options_.loaded.config.pool.policy, std::random_device{}()) {}

  Result<void> open();
  Started describe() const;
  void run();

 private:
  Result<void> open_keys();
  Result<void> add_keys(store::KeyStore& store);
  Result<void> find_own_token(store::KeyStore& store);
  Result<void> open_workers();
  Result<void> find_endpoints();
  Result<void> listen(Worker& worker, std::size_t max_connections);
  Result<std::shared_ptr<const Live>> live_from(config::Config config) const;
  void wait_for_signal();
  void on_signal(int signal);
  void open_shelf();
  void sweep_shelf();
  void reload();
  void follow_settings();
  Result<void> take_configuration();
  StoreFollowers followers();
  void take_tokens();
  void take_live(std::shared_ptr<const Live> live);
  std::string where() const;
  void begin_drain();
  void cut();

  Options options_;
  std::vector<Secret> own_tokens_;  ///< in force when the configuration names none
  bool token_is_new_ = false;
  std::vector<store::ClientToken> client_tokens_;
  std::unique_ptr<sandbox::Embedded> sandbox_;
  keypool::KeyPool pool_;
  upstream::Proxies proxies_{tell, std::random_device{}()};
  ObjectOwners owners_;
  KeptMemory kept_memory_;
  Recorder recorder_;
  Metrics metrics_;
  TokenLimits token_limits_;
  RunningResponses running_;
  async::Loop main_;
  std::unique_ptr<admin::Desk> desk_;  ///< hears from the writer to its end
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<images::Shelf> shelf_;
  std::unique_ptr<front::Pages> pages_;
  std::vector<asio::ip::tcp::endpoint> endpoints_;
  std::shared_ptr<const Live> live_;

  asio::signal_set signals_{main_.context()};
  async::Deadline drain_deadline_{main_, [this] { cut(); }};
  async::Deadline sweep_due_{main_, [this] { sweep_shelf(); }};
  async::Deadline settings_due_{main_, [this] { follow_settings(); }};
  std::size_t draining_ = 0;  ///< workers that still have connections
  bool stopping_ = false;

  std::unique_ptr<Recovery> recovery_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // After the loops: their ends wait for work that comes back to them.
  std::unique_ptr<ModelCatalog> catalog_;
  std::unique_ptr<Kept> kept_;
  async::Workers computing_{2};
};

Result<std::shared_ptr<const Live>> Daemon::live_from(config::Config config) const {
  if (sandbox_) {
    config.upstream.base_url = sandbox_->base_url();
    config.upstream.proxies.clear();
  }
  auto tokens = config.auth.tokens.empty() ? own_tokens_ : config.auth.tokens;
  return make_live(std::move(config), std::move(tokens), client_tokens_, sandbox_ != nullptr);
}

Result<void> Daemon::open_keys() {
  const auto& config = options_.loaded.config;
  if (options_.sandbox) {
    auto started = sandbox::Embedded::start();
    if (!started) return std::move(started).error();
    sandbox_ = *std::move(started);
  }
  auto store = store::KeyStore::open(config.store.url);
  if (!store) return std::move(store).error();
  if (auto added = add_keys(*store); !added) return added;
  if (config.auth.tokens.empty()) {
    if (auto found = find_own_token(*store); !found) return found;
  }
  const auto loaded = load_pool(*store, pool_, wall_clock());
  if (!loaded) return loaded.error();
  owners_.learn(loaded->objects, wall_clock());
  auto journal = store::Journal::open(config.store.url);
  if (!journal) return std::move(journal).error();
  auto tokens = store->client_tokens();
  if (!tokens) return std::move(tokens).error();
  client_tokens_ = *std::move(tokens);
  desk_ = std::make_unique<admin::Desk>(admin::DeskParts{
      pool_, proxies_, recorder_, options_.reload, config.store.url, options_.sandbox});
  writer_ = std::make_unique<StoreWriter>(
      *std::move(store), *std::move(journal),
      Remembered{pool_, owners_, kept_memory_, recorder_, token_limits_, metrics_}, *loaded,
      followers());
  kept_ = std::make_unique<Kept>(kept_memory_,
                                 [url = config.store.url] { return store::KeyStore::open(url); });
  return {};
}

/// The configured ones; with the sandbox its own in their place.
Result<void> Daemon::add_keys(store::KeyStore& store) {
  const auto& config = options_.loaded.config;
  std::vector<keypool::Key> keys;
  if (sandbox_) {
    for (int i = 1; i <= kSandboxKeys; ++i)
      keys.push_back(key_of(Secret("sandbox-key-" + std::to_string(i))));
  } else {
    keys = keys_from(config.keys.paid, true);
    for (auto& key : keys_from(config.keys.values)) keys.push_back(std::move(key));
  }
  if (keys.empty()) return {};
  const auto added = store.add(keys);
  if (!added) return added.error();
  // A key that was there already is of a paid tier now, whatever it was added as.
  std::vector<std::string> paid;
  for (const auto& key : keys) {
    if (key.paid &&
        std::find(added->present.begin(), added->present.end(), key.id) != added->present.end())
      paid.push_back(key.id);
  }
  if (auto edited = store.edit(paid, {.paid = true}); !edited) return std::move(edited).error();
  return {};
}

/// What is changed in the store, by whomever, is told to those who look on, and obeyed.
StoreFollowers Daemon::followers() {
  StoreFollowers followers;
  followers.keys_changed = [this](std::vector<std::string> ids) {
    desk_->feed().tell("keys", ids.empty() ? Json{{"all", true}} : Json{{"ids", ids}});
  };
  followers.settings_changed = [this] {
    main_.post([this] { follow_settings(); });
    desk_->feed().tell("config", Json::object());
  };
  followers.tokens_changed = [this](std::vector<store::ClientToken> tokens) {
    main_.post([this, tokens = std::move(tokens)] {
      client_tokens_ = tokens;
      take_tokens();
    });
    desk_->feed().tell("tokens", Json::object());
  };
  return followers;
}

Result<void> Daemon::find_own_token(store::KeyStore& store) {
  const auto known = store.value(kTokenName);
  if (!known) return known.error();
  token_is_new_ = !known->has_value();
  auto token = store.value_or_insert(kTokenName, "gembal-" + random_hex(16));
  if (!token) return std::move(token).error();
  own_tokens_ = {Secret(*std::move(token))};
  return {};
}

void Daemon::open_shelf() {
  const std::filesystem::path folder = options_.loaded.config.store.folder;
  shelf_ = std::make_unique<images::Shelf>(folder / "images");
}

// On the main thread, which has nothing to do but to wait for signals.
void Daemon::sweep_shelf() {
  shelf_->sweep(shelf_limits(live_->config), wall_clock());
  sweep_due_.set(kSweepInterval);
}

Result<void> Daemon::open_workers() {
  const auto& server = live_->config.server;
  if (auto found = find_endpoints(); !found) return found;
  const auto count = loop_count(live_->config);
  const auto share = (static_cast<std::size_t>(server.max_connections) + count - 1) / count;
  const auto learned = [this](keypool::Report report) { take_note(*writer_, std::move(report)); };
  catalog_ = std::make_unique<ModelCatalog>(pool_, proxies_, learned, live_);
  desk_->connect(writer_.get(), catalog_.get());
  const SharedServices shared{computing_, *pages_, owners_,   *catalog_, *kept_,        running_,
                              *writer_,   *shelf_, recorder_, metrics_,  token_limits_, *desk_};
  for (std::size_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(pool_, proxies_, learned, shared, live_));
    if (auto listening = listen(*workers_.back(), share); !listening) return listening;
  }
  for (const int socket : options_.service_manager.sockets()) ::close(socket);
  return {};
}

/// The service manager's sockets, or else those that the configuration names.
Result<void> Daemon::find_endpoints() {
  for (const int socket : options_.service_manager.sockets()) {
    const auto endpoint = front::endpoint_of(socket);
    if (!endpoint) return endpoint.error();
    endpoints_.push_back(*endpoint);
  }
  if (!endpoints_.empty()) return {};
  for (const auto& address : live_->config.server.listen) {
    auto endpoint = front::reserve(address);
    if (!endpoint) return std::move(endpoint).error();
    endpoints_.push_back(*endpoint);
  }
  return {};
}

Result<void> Daemon::listen(Worker& worker, std::size_t max_connections) {
  for (const int socket : options_.service_manager.sockets()) {
    if (auto adopted = worker.adopt(socket, max_connections); !adopted) return adopted;
  }
  if (!options_.service_manager.sockets().empty()) return {};
  for (const auto& endpoint : endpoints_) {
    if (auto listening = worker.listen(endpoint, max_connections); !listening) return listening;
  }
  return {};
}

Result<void> Daemon::open() {
  raise_file_limit();
  if (auto opened = open_keys(); !opened) return opened;
  auto live = live_from(options_.loaded.config);
  if (!live) return std::move(live).error();
  take_live(*std::move(live));
  pages_ = std::make_unique<front::Pages>(
      [this] {
        return front::Readiness{pool_.size(), pool_.usable(), writer_->works()};
      },
      [this] { return metrics_.text(pool_, wall_clock(), writer_->works()); });
  open_shelf();
  return open_workers();
}

Started Daemon::describe() const {
  Started started;
  for (const auto& endpoint : endpoints_) started.addresses.push_back(front::to_text(endpoint));
  started.keys = pool_.size();
  started.usable_keys = pool_.usable();
  started.token = live_->access.tokens().front();
  started.token_is_new = token_is_new_ && options_.loaded.config.auth.tokens.empty();
  started.admin_token = live_->access.admin();
  if (!options_.sandbox) started.store = store::shown(options_.loaded.config.store.url);
  return started;
}

void Daemon::run() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  wait_for_signal();
  for (auto& worker : workers_) worker->start();
  recovery_ = std::make_unique<Recovery>(pool_, proxies_, *writer_, live_);
  sweep_shelf();
  follow_settings();  // some may have been saved since they were read
  options_.service_manager.ready(where());
  main_.run();
  // Whoever asks again while all is taken down must not cut that off: what was learned is written.
  signals_.clear();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
  for (auto& worker : workers_) worker->join();
  desk_->stop();
}

void Daemon::wait_for_signal() {
  signals_.async_wait([this](std::error_code failure, int signal) {
    if (failure) return;
    on_signal(signal);
    wait_for_signal();
  });
}

void Daemon::on_signal(int signal) {
  if (signal == SIGHUP) return reload();
  if (stopping_) return cut();
  begin_drain();
}

void Daemon::reload() {
  options_.service_manager.reloading();
  if (const auto taken = take_configuration(); !taken) {
    const auto message = "the configuration was not reloaded: " + taken.error().message;
    log::error(message, {});
    return options_.service_manager.ready(message);
  }
  log::info("the configuration was reloaded", {});
  options_.service_manager.ready(where());
}

/// What was saved in the store is obeyed without a signal.
void Daemon::follow_settings() {
  if (stopping_) return;
  const auto loaded = options_.reload();
  if (!loaded && loaded.error().kind == ErrorKind::store) return settings_due_.set(kSettingsAgain);
  if (loaded && loaded->saved == options_.loaded.saved) return;
  reload();
}

Result<void> Daemon::take_configuration() {
  auto loaded = options_.reload();
  if (!loaded) return std::move(loaded).error();
  if (loaded->config.auth.tokens.empty() && own_tokens_.empty()) {
    auto store = store::KeyStore::open(options_.loaded.config.store.url);
    if (!store) return std::move(store).error();
    if (auto found = find_own_token(*store); !found) return found;
  }
  auto live = live_from(loaded->config);
  if (!live) return std::move(live).error();
  options_.loaded = *std::move(loaded);
  take_live(*std::move(live));
  return {};
}

/// Clients' tokens were made, changed or taken back.
void Daemon::take_tokens() {
  if (stopping_) return;
  auto live = live_from(options_.loaded.config);
  if (!live) return log::error(live.error().message, {});
  take_live(*std::move(live));
}

/// From now on all obey it.
void Daemon::take_live(std::shared_ptr<const Live> live) {
  live_ = std::move(live);
  const auto& config = live_->config;
  pool_.set_policy(config.pool.policy);
  take_proxies(proxies_, config.upstream);
  log::configure(config.logs);
  using std::chrono::hours;
  writer_->keep({std::chrono::ceil<hours>(config.records.keep_requests),
                 std::chrono::ceil<hours>(config.records.keep_errors)});
  desk_->set_live(live_);
  for (auto& worker : workers_) worker->set_live(live_);
  if (recovery_) recovery_->set_live(live_);
  if (catalog_) catalog_->set_live(live_);
}

std::string Daemon::where() const {
  std::string text = "serves";
  for (const auto& endpoint : endpoints_) text += " http://" + front::to_text(endpoint);
  return text;
}

void Daemon::begin_drain() {
  stopping_ = true;
  desk_->close();
  draining_ = workers_.size();
  log::info("stopping: running answers may finish", {});
  options_.service_manager.stopping(live_->config.server.drain_timeout + kCloseTime,
                                    "running answers may finish");
  // Zero is no deadline to a Deadline; here it means at once.
  drain_deadline_.set(std::max(live_->config.server.drain_timeout, std::chrono::milliseconds{1}));
  for (auto& worker : workers_) {
    worker->drain([this] {
      main_.post([this] {
        if (--draining_ == 0) main_.stop();
      });
    });
  }
}

void Daemon::cut() {
  log::info("stopping at once", {});
  for (auto& worker : workers_) worker->cut();
}

}  // namespace

Result<void> run(Options options, const std::function<void(const Started&)>& started) {
  Daemon daemon(std::move(options));
  if (auto opened = daemon.open(); !opened) return opened;
  started(daemon.describe());
  daemon.run();
  return {};
}

}  // namespace gembal::daemon
