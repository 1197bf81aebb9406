#include "daemon/recovery.hpp"

#include <algorithm>
#include <random>

#include "lib/gemini/model_name.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

constexpr auto kLook = std::chrono::milliseconds{1000};  // a reloaded interval counts so soon
constexpr std::size_t kJobs = 4;

/// Spreads the rounds of several daemons.
double jitter() {
  thread_local std::minstd_rand random(std::random_device{}());
  return 0.9 + 0.2 * static_cast<double>(random() % 1000) / 1000;
}

std::vector<keypool::Key> learned_to_be_bad(const keypool::KeyPool& pool) {
  std::vector<keypool::Key> keys;
  for (auto& report : pool.snapshot(std::chrono::system_clock::now())) {
    if (report.key.disabled && !keypool::disabled_by_owner(report.key))
      keys.push_back(std::move(report.key));
  }
  return keys;
}

}  // namespace

upstream::CheckOptions check_options(const config::Config& config, const UpstreamAddress& address,
                                     const std::string& model) {
  upstream::CheckOptions options;
  options.url = address.url("/models/" + model + ":generateContent");
  for (const auto& [name, value] : config.upstream.headers)
    options.headers.push_back(name + ": " + value);
  options.timeouts.connect = config.upstream.connect_timeout;
  options.timeouts.total = std::chrono::seconds{60};
  return options;
}

Recovery::Recovery(keypool::KeyPool& pool, upstream::Proxies& proxies, StoreWriter& writer,
                   std::shared_ptr<const Live> live)
    : pool_(pool), proxies_(proxies), writer_(writer), client_(loop_, {}), live_(std::move(live)) {
  loop_.spawn(run());
  thread_ = std::thread([this] { loop_.run(); });
}

Recovery::~Recovery() {
  loop_.post([this] { interrupt_.raise(); });
  thread_.join();
}

void Recovery::set_live(std::shared_ptr<const Live> live) {
  loop_.post([this, live = std::move(live)] { live_ = live; });
}

async::Task<void> Recovery::run() {
  auto last = std::chrono::steady_clock::now();
  double factor = jitter();
  while (!interrupt_.raised()) {
    const auto interval = live_->config.pool.check_interval;  // zero: never
    const auto due =
        last + std::chrono::duration_cast<std::chrono::milliseconds>(interval * factor);
    const auto now = std::chrono::steady_clock::now();
    if (interval.count() == 0 || now < due) {
      auto pause = kLook;
      if (interval.count() > 0)
        pause = std::min(kLook, std::chrono::ceil<std::chrono::milliseconds>(due - now));
      co_await async::sleep(loop_, pause, interrupt_);
      continue;
    }
    co_await ask_again();
    last = std::chrono::steady_clock::now();
    factor = jitter();
  }
  loop_.stop();
}

async::Task<void> Recovery::ask_again() {
  const auto live = live_;
  const auto keys = learned_to_be_bad(pool_);
  if (keys.empty()) co_return;
  auto options =
      check_options(live->config, live->upstream, gemini::bare_model(live->config.pool.test_model));
  options.jobs = kJobs;
  options.proxies = &proxies_;
  std::vector<Secret> secrets;
  for (const auto& key : keys) secrets.push_back(key.secret);
  const std::function<void(std::size_t)> nobody_watches = [](std::size_t) {};
  const auto checks = co_await upstream::check_keys(loop_, client_, std::move(options),
                                                    std::move(secrets), nobody_watches, interrupt_);
  std::vector<std::string> recovered;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!upstream::is_usable(checks[i].verdict)) continue;
    recovered.push_back(keys[i].id);
    log::info("a disabled key works again", {{"key", keys[i].id}, {"was", keys[i].reason}});
  }
  if (!recovered.empty()) writer_.enable(std::move(recovered));
}

}  // namespace gembal::daemon
