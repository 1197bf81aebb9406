#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "lib/http/proxy.hpp"
#include "lib/keypool/key_pool.hpp"

namespace gembal::upstream {

enum class ProxyPolicy {
  by_key,  ///< each key has its own proxy, whoever else comes or goes
  random,
};

/// The way that one try takes to upstream.
struct Exit {
  std::uint32_t id = 0;  ///< the same for a proxy as long as the process runs; 0: through no proxy
  std::shared_ptr<const http::Proxy> proxy;  ///< null: none
  bool is_probe = false;  ///< it was left out: this try shows whether it works again
};

/// Chooses a proxy for each try, and leaves out those that do not work.
///
/// A key's proxy is the one of highest random weight (rendezvous hashing): a proxy that comes or
/// goes moves no keys but those that are its own. One that fails twice in a row is left out, and
/// asked again by a single try after a pause that doubles from 5 s to 5 min.
///
/// Thread-safe. Does no I/O and reads no clock.
class Proxies {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// What the operator is told, once: a proxy does not work, or works again. Called by whoever
  /// reports, on any thread; it must not block.
  using Tell = std::function<void(const keypool::Notice&)>;

  explicit Proxies(Tell tell = nullptr, std::uint32_t seed = 1);

  /// Makes these the proxies; known ones keep what was learned of them. Each counts once.
  void replace(const std::vector<http::Proxy>& proxies, ProxyPolicy policy);

  /// Whether there are any; else nothing else needs to be asked.
  bool any() const { return sole_.load(std::memory_order_relaxed) != kNone; }
  /// The id of the one that everything goes through, when there is but one; 0 with none.
  std::optional<std::uint32_t> sole() const;

  /// The proxy for a try with that key. Of those that work, but for the ids in `tried`; where there
  /// is none, the one that is to be asked again first; when all were tried, as if none was. No
  /// proxy when there are none.
  Exit choose(std::string_view key_id, const std::vector<std::uint32_t>& tried, Time now);

  /// Whether another one than these works, as far as is known.
  bool has_other(const std::vector<std::uint32_t>& than) const;

  // What a try has shown. What says nothing about its proxy is not reported.

  /// Upstream answered.
  void worked(const Exit& exit);
  /// It could not be gone through. `why`: an Error's message.
  void failed(const Exit& exit, const std::string& why, Time now);
  /// Upstream refuses whoever comes this way: it is left out at once, and for longer. Not where it
  /// is the only way: then the pool's circuit decides.
  void refused(const Exit& exit, const std::string& why, Time now);

 private:
  struct Entry {
    std::uint32_t id = 0;
    std::shared_ptr<const http::Proxy> proxy;
    std::uint64_t weight_seed = 0;
    int failures = 0;  ///< in a row
    bool is_out = false;
    bool is_refused = false;  ///< why it is out
    int level = 0;            ///< of the pause
    Time due{};               ///< when it is asked again
  };
  Entry* pick(std::uint64_t key, const std::vector<std::uint32_t>& tried, Time now);
  Entry* find(const Exit& exit);
  void leave_out(Entry& entry, int level, Time now);

  static constexpr std::uint32_t kNone = 0;
  static constexpr std::uint32_t kMany = UINT32_MAX;
  const Tell tell_;
  std::atomic<std::uint32_t> sole_ = kNone;

  mutable std::mutex mutex_;  // guards what follows; nothing is called while it is held
  ProxyPolicy policy_ = ProxyPolicy::by_key;
  std::vector<Entry> entries_;
  std::uint32_t last_id_ = 0;
  std::minstd_rand random_;
};

}  // namespace gembal::upstream
