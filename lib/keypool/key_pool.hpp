#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/keypool/key.hpp"
#include "lib/keypool/outcome.hpp"
#include "lib/keypool/policy.hpp"
#include "lib/keypool/shared_key.hpp"

namespace gembal::keypool {

class KeyPool;
struct PoolModel;

/// A key handed out for one try. Moves, does not copy; when it is destroyed the try is over. The
/// key stays valid when it leaves the pool; the pool must outlive the lease.
class Lease {
 public:
  Lease(Lease&& other) noexcept
      : key_(std::move(other.key_)), pool_(std::exchange(other.pool_, nullptr)), use_(other.use_) {}
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  const Key& operator*() const { return *key_; }
  const Key* operator->() const { return &*key_; }

  /// The model is overloaded: this try is to be the request's last.
  bool is_last_try() const { return use_.last_try; }

  /// What the try used, once that is known: of input, and in all.
  void count_tokens(std::uint64_t input, std::uint64_t total);

 private:
  friend class KeyPool;
  Lease() = default;

  /// What the pool knows it by.
  struct Use {
    PoolModel* model = nullptr;
    std::uint32_t slot = 0;
    std::uint32_t slot_tenant = 0;  ///< which of the keys that the slot has named
    std::uint32_t group = 0;
    std::uint32_t group_tenant = 0;
    std::uint32_t estimate = 0;  ///< of input tokens
    std::uint32_t way = 0;
    TimePoint taken_at{};
    std::uint64_t input_tokens = 0;
    std::uint64_t total_tokens = 0;
    bool last_try = false;
    bool probe = false;  ///< of an exit that refused several keys: `way`
    bool reported = false;
    /// Nothing was held against the key, the model or an exit that a success would clear, as long
    /// as the pool has no more doubts than these.
    bool undoubted = false;
    std::uint64_t doubts = 0;
  };

  SharedKey key_;  // let go by give_back()
  KeyPool* pool_ = nullptr;
  Use use_;
};

/// A place in the line of requests that wait for a key of one model. Leaves the line when it is
/// destroyed. The pool must outlive it.
class PlaceInLine {
 public:
  PlaceInLine(PlaceInLine&& other) noexcept;
  PlaceInLine& operator=(PlaceInLine&&) = delete;
  ~PlaceInLine();

  std::uint64_t number() const { return number_; }  ///< never 0

 private:
  friend class KeyPool;
  PlaceInLine(KeyPool& pool, std::string model, std::uint64_t number)
      : pool_(&pool), model_(std::move(model)), number_(number) {}
  KeyPool* pool_;
  std::string model_;
  std::uint64_t number_;
};

/// The way to upstream that a request took: straight, or through a proxy.
struct Way {
  std::uint32_t id = 0;  ///< of the proxy, counted from 1; 0: none
  bool is_only = true;   ///< no other way is known to be open
};

/// What a request asks of the pool.
struct Wish {
  std::string_view model;            ///< that quotas are counted under; "" when it is about none
  std::uint64_t conversation = 0;    ///< a hash of its unchanging beginning; 0: none
  bool continues = false;            ///< the conversation had a turn before
  std::uint32_t tokens = 0;          ///< of input, an estimate; 0: unknown
  std::vector<std::string> tried{};  ///< ids of keys that must not be handed out
  bool goes_on = false;              ///< a further try of a request whose first one was let out
  std::uint64_t place = 0;           ///< PlaceInLine::number() when it has waited in line
  std::optional<std::uint32_t> way = 0;  ///< that all requests take; none: each key has its own
};

/// Something that the operator is told, once.
struct Notice {
  bool bad = true;    ///< something went wrong; else something is well again
  std::string text;   ///< "the model is overloaded"
  std::string about;  ///< "gemini-2.5-pro", a key's id
};

/// What a report changed.
struct Report {
  std::vector<Change> changes;  ///< for the store
  std::vector<Notice> notices;
  bool suspended = false;  ///< the verdict was not held against the key: the exit is suspected
};

/// Everything known about one key at one moment.
struct KeyReport {
  Key key;
  std::vector<ModelState> models;  ///< of its quota subject, still in force at the time asked for
  std::uint64_t requests = 0;      ///< since this process started
};

/// What would keep a key from getting the next request for a model.
struct Prospect {
  Key key;
  bool ready = false;
  std::size_t turn = 0;  ///< of a ready key: 0 is next
  std::string reason;    ///< of another: "disabled: leaked", "PerDay"; "" when ready
  TimePoint until{};     ///< of one that waits
  std::uint32_t requests_today = 0;
  QuotaLimits limits;
};

/// Hands out keys in turn and remembers what became of each use.
///
/// Thread-safe. Does no I/O and reads no clock: the caller says what time it is. take() costs O(log
/// n) at worst with any number of keys and models, however many of them are cooling.
class KeyPool {
 public:
  /// `seed`: of the jitter in back-offs.
  explicit KeyPool(Policy policy, std::uint32_t seed = 1);
  ~KeyPool();
  KeyPool(const KeyPool&) = delete;
  KeyPool& operator=(const KeyPool&) = delete;

  void set_policy(Policy policy);

  // ---- What owners do, and what was learned elsewhere or before.

  /// Makes `keys` the pool: new ones join at the end of the turn, missing ones leave, known ones
  /// take over the owner's changes (label, project, paid) and keep what was learned; one of another
  /// revision (disabled, enabled or reset by its owner) is taken as it comes and starts afresh.
  void replace(std::vector<Key> keys, TimePoint now);

  /// Takes over the learned part of keys that are in the pool: failures, disabled, project.
  void learn_keys(const std::vector<Key>& keys, TimePoint now);
  /// States and limits of subjects that are in the pool; the later end of two wins.
  void learn_states(const std::vector<SubjectState>& states, TimePoint now);
  void learn_limits(const std::vector<SubjectLimits>& limits, TimePoint now);
  /// Uses that were made elsewhere or before: those of the quota day count.
  void add_usage(const std::vector<Usage>& usage, TimePoint now);

  // ---- The life of a request.

  /// The key that a request gets.
  ///
  /// Errors: no_usable_key (none at all, or all disabled; says which), keys_waiting (all usable
  /// ones cool or are exhausted for this model, or others wait in line before it: retry_after is
  /// the time until the first is back; with 1 s when only tried ones are left ready), upstream (the
  /// exit that all requests take refuses every key in the same way: retry_after until the next
  /// probe).
  Result<Lease> take(const Wish& wish, TimePoint now);

  /// A key of the project that an object belongs to, whatever its turn: the one of that id, or
  /// another of `project`. Errors: no_usable_key (it is disabled or has left), keys_waiting.
  Result<Lease> take_owner(std::string_view key_id, const std::string& project, const Wish& wish,
                           TimePoint now);

  /// Records what became of one use. A key that has since left the pool is ignored. A quota verdict
  /// counts for all keys of the project. Keys that are refused in the same way are suspects of
  /// the `way` that they went alone; while there is another, they need not wait.
  Report report(Lease& used, const Verdict& verdict, TimePoint now, Way way = {});

  /// Joins the line for a key of `model`. `wake` is called, from any thread, when it is the first
  /// in line and may find a key; it must not call the pool. Errors: keys_waiting when `most` wait.
  Result<PlaceInLine> line_up(std::string_view model, std::function<void()> wake, std::size_t most);
  bool is_first(const PlaceInLine& place) const;

  // ---- What is known.

  /// Until when a model is not worth a try where there is another; nullopt when it is.
  std::optional<TimePoint> overloaded_until(std::string_view model, TimePoint now) const;
  /// Whether all keys that could serve a model are out for the day or longer.
  bool is_spent(std::string_view model, TimePoint now);

  /// Keys that are not disabled; and all of them.
  std::size_t usable() const;
  std::size_t size() const;

  /// One usable key of each project: the objects of all can be listed with these. By id.
  std::vector<Key> one_of_each_project() const;

  std::vector<KeyReport> snapshot(TimePoint now) const;
  /// Of every key, those that are ready first, in their order.
  std::vector<Prospect> prospects(std::string_view model, TimePoint now);

  /// What was used since the last call, by key, model and hour.
  std::vector<Usage> take_usage(TimePoint now);

 private:
  friend class Lease;
  friend class PlaceInLine;
  Lease lease_of(std::uint32_t slot, PoolModel& model, const Wish& wish, TimePoint now);
  void give_back(Lease& lease);
  void judge(Lease& used, const Verdict& verdict, Report& report, TimePoint now, Way way);
  void leave_line(const PlaceInLine& place);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gembal::keypool
