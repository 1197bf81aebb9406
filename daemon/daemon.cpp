#include "daemon/daemon.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "daemon/background.hpp"
#include "daemon/front/listener.hpp"
#include "daemon/front/pages.hpp"
#include "daemon/gateway.hpp"
#include "daemon/kept.hpp"
#include "daemon/model_catalog.hpp"
#include "daemon/picture_hosting.hpp"
#include "daemon/recovery.hpp"
#include "daemon/running_responses.hpp"
#include "daemon/sandbox/server.hpp"
#include "daemon/store_writer.hpp"
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

/// One thread's share of the daemon: a loop with its own listeners, connections and upstream
/// connections.
class Worker {
 public:
  Worker(keypool::KeyPool& pool, std::function<void(keypool::Report)> learned,
         async::Workers& workers, const front::Pages& pages, ObjectOwners& owners,
         ModelCatalog& catalog, Kept& kept, RunningResponses& running, StoreWriter* writer,
         images::Shelf& shelf, std::shared_ptr<const Live> live)
      : client_(loop_, {}),
        dispatcher_(loop_, client_, pool, std::move(learned)),
        services_{dispatcher_, client_,     workers, pages,  owners, catalog,
                  kept,        background_, running, writer, shelf},
        gateway_(services_, std::move(live)),
        service_(gateway_.service()) {}

  Result<void> listen(const asio::ip::tcp::endpoint& endpoint, std::size_t max_connections) {
    auto listener = front::Listener::open(loop_, endpoint, service_, connections_, max_connections);
    if (!listener) return std::move(listener).error();
    listeners_.push_back(*std::move(listener));
    return {};
  }
  Result<void> adopt(int socket, std::size_t max_connections) {
    auto listener = front::Listener::adopt(loop_, socket, service_, connections_, max_connections);
    if (!listener) return std::move(listener).error();
    listeners_.push_back(*std::move(listener));
    return {};
  }

  void start() {
    for (auto& listener : listeners_) listener->start();
    thread_ = std::thread([this] { loop_.run(); });
  }

  // The following are for the main thread.
  void drain(std::function<void()> empty) {
    loop_.post([this, empty = std::move(empty)] {
      for (auto& listener : listeners_) listener->stop();
      connections_.drain([this, empty] { background_.drain(empty); });
    });
  }
  void cut() {
    loop_.post([this] {
      connections_.cut();
      background_.cut();
    });
  }
  void set_live(std::shared_ptr<const Live> live) {
    loop_.post([this, live = std::move(live)] { gateway_.set_live(live); });
  }
  void join() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
  }

 private:
  async::Loop loop_;
  http::Client client_;
  upstream::Dispatcher dispatcher_;
  Background background_{loop_};
  Services services_;
  Gateway gateway_;
  front::Service service_;
  front::Connections connections_;
  std::vector<std::unique_ptr<front::Listener>> listeners_;
  std::thread thread_;
};

/// The embedded sandbox on a thread of its own, so that it is as far away as a network would be.
class EmbeddedSandbox {
 public:
  static Result<std::unique_ptr<EmbeddedSandbox>> start() {
    auto made = std::make_unique<EmbeddedSandbox>();
    auto server = sandbox::Server::open(made->loop_, "127.0.0.1:0", {});
    if (!server) return std::move(server).error();
    made->server_ = *std::move(server);
    made->server_->start();
    made->thread_ = std::thread([loop = &made->loop_] { loop->run(); });
    return made;
  }
  ~EmbeddedSandbox() {
    if (!thread_.joinable()) return;
    loop_.post([this] { server_->stop([this] { loop_.stop(); }); });
    thread_.join();
  }

  std::string base_url() const {
    return "http://" + front::to_text(server_->endpoint()) + "/v1beta";
  }

 private:
  async::Loop loop_;
  std::unique_ptr<sandbox::Server> server_;
  std::thread thread_;
};

std::vector<keypool::Key> keys_from(const std::vector<Secret>& secrets, bool paid = false) {
  std::vector<keypool::Key> keys;
  for (const auto& secret : secrets) {
    keypool::Key key;
    key.secret = secret;
    key.id = secret.id();
    key.paid = paid;
    keys.push_back(std::move(key));
  }
  return keys;
}

/// The operator is told what the pool has noticed; the store remembers what it has learned.
void take_note(StoreWriter* writer, keypool::Report report) {
  for (const auto& notice : report.notices) {
    if (notice.bad) {
      log::warn(notice.text, {{"about", notice.about}});
    } else {
      log::info(notice.text, {{"about", notice.about}});
    }
  }
  if (writer && !report.changes.empty()) writer->remember(std::move(report.changes));
}

/// A folder for the pictures of a daemon without a store. It goes with everything in it.
class PictureFolder {
 public:
  static Result<std::unique_ptr<PictureFolder>> make() {
    auto made = std::make_unique<PictureFolder>();
    std::error_code failed;
    auto path = std::filesystem::temp_directory_path(failed).string() + "/gembal-images-XXXXXX";
    if (failed || ::mkdtemp(path.data()) == nullptr)
      return Error{ErrorKind::io, "cannot make a folder for pictures: '" + path + "'", ""};
    made->path_ = path;
    return made;
  }
  ~PictureFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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
  Result<void> find_own_token(store::KeyStore& store);
  Result<void> open_workers();
  Result<void> find_endpoints();
  Result<void> listen(Worker& worker, std::size_t max_connections);
  Result<std::shared_ptr<const Live>> live_from(config::Config config) const;
  void wait_for_signal();
  void on_signal(int signal);
  Result<void> open_shelf();
  void sweep_shelf();
  void reload();
  void follow_settings();
  Result<void> take_configuration();
  std::string where() const;
  void begin_drain();
  void cut();

  Options options_;
  std::vector<Secret> own_tokens_;  ///< in force when the configuration names none
  bool token_is_new_ = false;
  std::unique_ptr<EmbeddedSandbox> sandbox_;
  keypool::KeyPool pool_;
  ObjectOwners owners_;
  KeptMemory kept_memory_;
  RunningResponses running_;
  async::Loop main_;
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<PictureFolder> pictures_;  ///< with the sandbox only: a folder that goes with it
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
  if (sandbox_) config.upstream.base_url = sandbox_->base_url();
  auto tokens = config.auth.tokens.empty() ? own_tokens_ : config.auth.tokens;
  return make_live(std::move(config), std::move(tokens), sandbox_ != nullptr);
}

Result<void> Daemon::open_keys() {
  const auto& config = options_.loaded.config;
  if (options_.sandbox) {
    auto started = EmbeddedSandbox::start();
    if (!started) return std::move(started).error();
    sandbox_ = *std::move(started);
    std::vector<Secret> secrets;
    for (int i = 1; i <= kSandboxKeys; ++i)
      secrets.emplace_back("sandbox-key-" + std::to_string(i));
    pool_.replace(keys_from(secrets), wall_clock());
    own_tokens_ = {Secret("gembal-" + random_hex(16))};
    token_is_new_ = true;
    kept_ = std::make_unique<Kept>(kept_memory_, nullptr);
    return {};
  }
  auto store = store::KeyStore::open(config.store.url);
  if (!store) return std::move(store).error();
  auto configured = keys_from(config.keys.paid, true);
  for (auto& key : keys_from(config.keys.values)) configured.push_back(std::move(key));
  if (!configured.empty()) {
    const auto added = store->add(configured);
    if (!added) return added.error();
    // A key that was there already is of a paid tier now, whatever it was added as.
    std::vector<std::string> paid;
    for (const auto& key : keys_from(config.keys.paid)) {
      if (std::find(added->present.begin(), added->present.end(), key.id) != added->present.end())
        paid.push_back(key.id);
    }
    if (auto edited = store->edit(paid, {.paid = true}); !edited) return std::move(edited).error();
  }
  if (config.auth.tokens.empty()) {
    if (auto found = find_own_token(*store); !found) return found;
  }
  const auto loaded = load_pool(*store, pool_, wall_clock());
  if (!loaded) return loaded.error();
  owners_.learn(loaded->objects, wall_clock());
  writer_ = std::make_unique<StoreWriter>(*std::move(store), pool_, owners_, kept_memory_, *loaded,
                                          [this] { main_.post([this] { follow_settings(); }); });
  kept_ = std::make_unique<Kept>(kept_memory_,
                                 [url = config.store.url] { return store::KeyStore::open(url); });
  return {};
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

Result<void> Daemon::open_shelf() {
  if (!options_.sandbox) {
    const std::filesystem::path store = options_.loaded.config.store.url;
    shelf_ = std::make_unique<images::Shelf>(store.parent_path() / "images");
    return {};
  }
  auto folder = PictureFolder::make();
  if (!folder) return std::move(folder).error();
  pictures_ = *std::move(folder);
  shelf_ = std::make_unique<images::Shelf>(pictures_->path());
  return {};
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
  const auto learned = [writer = writer_.get()](keypool::Report report) {
    take_note(writer, std::move(report));
  };
  catalog_ = std::make_unique<ModelCatalog>(pool_, learned, live_);
  for (std::size_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(pool_, learned, computing_, *pages_, owners_,
                                                *catalog_, *kept_, running_, writer_.get(), *shelf_,
                                                live_));
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
  live_ = *std::move(live);
  pages_ = std::make_unique<front::Pages>([this] {
    return front::Readiness{pool_.usable(), !writer_ || writer_->works()};
  });
  if (auto opened = open_shelf(); !opened) return opened;
  return open_workers();
}

Started Daemon::describe() const {
  Started started;
  for (const auto& endpoint : endpoints_) started.addresses.push_back(front::to_text(endpoint));
  started.keys = pool_.size();
  started.usable_keys = pool_.usable();
  started.token = live_->access.tokens().front();
  started.token_is_new = token_is_new_ && options_.loaded.config.auth.tokens.empty();
  if (!options_.sandbox) started.store = options_.loaded.config.store.url;
  return started;
}

void Daemon::run() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
  wait_for_signal();
  for (auto& worker : workers_) worker->start();
  if (writer_) recovery_ = std::make_unique<Recovery>(pool_, *writer_, live_);
  sweep_shelf();
  if (writer_) follow_settings();  // some may have been saved since they were read
  options_.service_manager.ready(where());
  main_.run();
  // Whoever asks again while all is taken down must not cut that off: what was learned is written.
  signals_.clear();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
  for (auto& worker : workers_) worker->join();
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
  live_ = *std::move(live);
  options_.loaded.saved = std::move(loaded->saved);
  pool_.set_policy(live_->config.pool.policy);
  log::configure(live_->config.logs);
  for (auto& worker : workers_) worker->set_live(live_);
  if (recovery_) recovery_->set_live(live_);
  catalog_->set_live(live_);
  return {};
}

std::string Daemon::where() const {
  std::string text = "serves";
  for (const auto& endpoint : endpoints_) text += " http://" + front::to_text(endpoint);
  return text;
}

void Daemon::begin_drain() {
  stopping_ = true;
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
