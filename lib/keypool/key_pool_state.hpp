#pragma once

// What a KeyPool consists of. Only its own sources include this.

#include <atomic>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/keypool/brief_mutex.hpp"
#include "lib/keypool/conversations.hpp"
#include "lib/keypool/exit_health.hpp"
#include "lib/keypool/key_pool.hpp"
#include "lib/keypool/model_queue.hpp"

namespace gembal::keypool {

/// Lets a map of strings be asked with a view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename Value>
using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Short texts as numbers: thousands of waiting keys have a handful of reasons.
class Words {
 public:
  std::uint16_t number(std::string_view text);
  const std::string& text(std::uint16_t number) const { return texts_[number]; }

 private:
  static constexpr std::size_t kMost = 1000;  // reasons are upstream's words: there must be an end
  std::vector<std::string> texts_ = {""};
  ByName<std::uint16_t> numbers_;
};

// Reasons for which the pool itself lets a subject wait. They get their numbers first: the texts of
// others may fill up the words.
inline constexpr const char* kPacedReason = "paced";
inline constexpr const char* kPacedDayReason = "paced: the day's requests are used up";
inline constexpr const char* kBareReason = "quota without details";
inline constexpr const char* kSuspectReason = "suspected with others";

/// A model that was asked for.
struct PoolModel {
  PoolModel(const Policy& policy, std::string_view its_name, bool paid_first)
      : name(its_name), queue(policy, paid_first) {}

  struct Use {
    std::uint32_t requests = 0;
    std::uint32_t tokens = 0;
  };

  std::string name;
  ModelQueue queue;
  std::vector<Use> uses;      ///< by slot, since the last take_usage()
  std::vector<Slot> to_tell;  ///< slots with uses
};

/// A key's place in the pool.
struct PoolKey {
  SharedKey key;             ///< empty: the slot is free
  std::uint32_t tenant = 0;  ///< grows with each key that gets the slot
  Group group = 0;
  std::uint64_t requests = 0;
  int bare_refusals = 0;  ///< in a row, of any model: the cool-down doubles
};

/// The keys that share a quota.
struct PoolGroup {
  std::string subject;               ///< "": the group is free
  std::uint32_t tenant = 0;          ///< grows with each subject that gets the number
  std::vector<Slot> usable;          ///< keys that are not disabled
  std::size_t members = 0;           ///< all keys
  std::uint32_t place = UINT32_MAX;  ///< of its first key in the order of the store
  std::size_t turn = 0;              ///< whose of `usable` it is
};

struct Waiter {
  std::uint64_t number = 0;
  std::shared_ptr<const std::function<void()>> wake;
};
using Wakes = std::vector<std::shared_ptr<const std::function<void()>>>;

struct KeyPool::State {
  mutable BriefMutex mutex;  // guards everything below; nothing is called while it is held
  Policy policy;
  std::minstd_rand random;
  std::vector<PoolKey> keys;  ///< by slot
  std::vector<Slot> free_slots;
  std::vector<Slot> order;  ///< of the keys in the pool, as the store lists them
  ByName<Slot> by_id;
  std::vector<PoolGroup> groups;
  std::vector<Group> free_groups;
  ByName<Group> by_subject;
  ByName<std::unique_ptr<PoolModel>> models;
  PoolModel* latest = nullptr;  ///< that was asked for; most requests are for the same
  std::vector<Usage> untold;    ///< of models that were forgotten before they were asked
  std::unordered_map<Group, Bench> benched;  ///< for every model
  ExitHealth straight;                       ///< the exit without a proxy
  std::vector<ExitHealth> proxies;           ///< the others, by Way::id less one
  std::size_t open_exits = 0;                ///< of all of them
  bool suspects = false;                     ///< some exit has any
  Conversations conversations;
  ByName<std::deque<Waiter>> lines;  ///< by model; none is empty
  std::uint64_t next_in_line = 0;
  Words words;
  std::size_t usable = 0;
  std::uint64_t clock = 0;  ///< counts takes
  std::size_t start = 0;    ///< where in `order` the next model's queue begins
  QuotaDay day;

  /// Counts what was held against a key, a model or an exit. Changed under the lock, read without:
  /// a success that finds no new doubt has nothing to clear, and needs no lock.
  std::atomic<std::uint64_t> doubts = 0;

  // Time and models.
  const QuotaDay& today(TimePoint now);
  PoolModel& model(std::string_view name, TimePoint now);
  void take_usage(PoolModel& model, std::vector<Usage>& usage);
  void forget_unused_models();
  bool is_paid_model(std::string_view name) const;
  double jitter() { return static_cast<double>(random() % 1024) / 1024; }

  // Keys and groups.
  Slot add(Key key);
  void remove(Slot slot);
  void update(Slot slot, Key key, TimePoint now);
  void edit(Slot slot, Key key) { keys[slot].key = SharedKey(std::move(key)); }
  void enter_group(Slot slot);
  void leave_group(Slot slot);
  void set_usable(Slot slot, bool is_usable);
  void move_group(Slot slot, TimePoint now);
  void start_afresh(Group group);
  bool is_paid(Group group) const;
  void disable(Slot slot, const std::string& reason, TimePoint now);
  void set_places();
  void set_place(Group group, std::uint32_t place);

  // Taking.
  std::optional<Slot> choose_key(Group group, const std::vector<Slot>& tried, bool turn);
  std::optional<std::pair<Slot, bool>> choose(PoolModel& model, const Wish& wish, TimePoint now);
  std::optional<std::pair<Slot, bool>> choose_another(PoolModel& model, const Wish& wish,
                                                      TimePoint now);
  bool may_follow(PoolModel& model, const Conversations::Place& place, const Wish& wish,
                  TimePoint now);
  std::optional<std::pair<Slot, bool>> choose_suspect(const PoolModel& model,
                                                      const ExitHealth& exit);
  std::vector<Slot> slots_of(const std::vector<std::string>& ids) const;
  bool must_line_up(const Wish& wish) const;
  std::optional<Error> exit_refuses(const Wish& wish, bool& probe, TimePoint now);
  std::optional<Error> is_too_large(const PoolModel& model, const Wish& wish, TimePoint now) const;
  Error none_left(const PoolModel& model, TimePoint now) const;
  void use(PoolModel& model, Slot slot, bool in_turn, const Wish& wish, TimePoint now);
  bool is_undoubted(const PoolKey& entry, const ModelQueue& queue) const;

  // Judging.
  void doubt() { doubts.fetch_add(1, std::memory_order_release); }
  void bench(Group group, const std::string& name, const Bench& bench, TimePoint now);
  void judge(Slot slot, const std::string& name, const Verdict& verdict, Report& report,
             TimePoint now);
  bool is_about_yesterday(Slot slot, const std::string& name, const Verdict& verdict,
                          TimePoint now);
  ExitHealth& exit(std::uint32_t way);
  void accept(Slot slot, Report& report, TimePoint now, Way way);
  void refuse(Slot slot, const std::string& name, const Verdict& verdict, Report& report,
              TimePoint now, Way way);
  bool is_still(const Suspect& suspect) const;
  void undo(const Suspect& suspect, Report& report);
  void model_refused(PoolModel& model, Slot slot, const Verdict& verdict, Report& report,
                     TimePoint now);
  void learn_from(PoolModel& model, Slot slot, const Verdict& verdict, Report& report,
                  TimePoint now);
  void succeed(PoolModel& model, Slot slot, Report& report);

  Wakes first_in_lines() const;
  Wakes first_in_line(std::string_view model) const;
};

/// Calls them: never under the pool's lock.
void wake(const Wakes& wakes);

}  // namespace gembal::keypool
