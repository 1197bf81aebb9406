#include "daemon/store_writer.hpp"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

constexpr auto kGather =
    std::chrono::milliseconds{200};  // changes of so long go into one transaction
constexpr auto kLook =
    std::chrono::milliseconds{500};  // between two looks for other processes' changes
constexpr auto kCleanUp = std::chrono::hours{1};
constexpr auto kTokenDays = std::chrono::seconds{5};
constexpr std::size_t kMostWaiting = 20'000;
constexpr std::int64_t kHoursCounted = 26;

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

std::string row_name(const keypool::Usage& row) {
  return row.key_id + ' ' + std::to_string(row.hour) + ' ' + row.model;
}

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// The keys that news are about; none of them: any may be; nullopt: they are about no key.
std::optional<std::vector<std::string>> keys_of(const store::News& news) {
  if (news.keys.empty() && news.states.empty()) return std::nullopt;
  std::vector<std::string> ids;
  for (const auto& key : news.keys) ids.push_back(key.id);
  for (const auto& state : news.states) {
    if (state.subject.starts_with("p:")) return std::vector<std::string>();
    if (state.subject.starts_with("k:")) ids.push_back(state.subject.substr(2));
  }
  return ids.empty() ? std::nullopt : std::optional(std::move(ids));
}

void learn(keypool::KeyPool& pool, const store::News& news, TimePoint now) {
  pool.learn_limits(news.limits, now);
  pool.learn_states(news.states, now);
}

}  // namespace

// The news come first: what changes between the two is told again by the next ones.
Result<store::News> load_pool(store::KeyStore& store, keypool::KeyPool& pool, TimePoint now) {
  auto news = store.news_since(0, now);
  if (!news) return news;
  auto keys = store.keys();
  if (!keys) return std::move(keys).error();
  pool.replace(*std::move(keys), now);
  pool.add_usage(news->usage, now);
  learn(pool, *news, now);
  return news;
}

StoreWriter::StoreWriter(store::KeyStore store, store::Journal journal, Remembered remembered,
                         const store::News& loaded, StoreFollowers followers)
    : store_(std::move(store)),
      journal_(std::move(journal)),
      pool_(remembered.pool),
      owners_(remembered.owners),
      kept_(remembered.kept),
      recorder_(remembered.recorder),
      token_limits_(remembered.token_limits),
      metrics_(remembered.metrics),
      followers_(std::move(followers)),
      seen_seq_(loaded.seq) {
  kept_.write_behind();
  for (const auto& row : loaded.usage) counted_[row_name(row)] = {0, row.requests, row.hour};
  thread_ = std::thread([this] { run(); });
}

StoreWriter::~StoreWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StoreWriter::remember(std::vector<keypool::Change> changes) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.changes.size() + changes.size() > kMostWaiting) {
      dropped_ += changes.size();
      return;
    }
    append(waiting_.changes, std::move(changes));
  }
  changed_.notify_one();
}

void StoreWriter::remember(std::vector<store::ObjectOwner> objects, std::function<void()> written) {
  owners_.learn(objects, wall_clock());
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.objects.size() + objects.size() > kMostWaiting) {
      dropped_ += objects.size();
    } else {
      append(waiting_.objects, std::move(objects));
    }
    if (written) when_written_.push_back(std::move(written));
  }
  changed_.notify_one();
}

void StoreWriter::enable(std::vector<std::string> ids) {
  {
    const std::lock_guard lock(mutex_);
    append(enabled_, std::move(ids));
  }
  changed_.notify_one();
}

void StoreWriter::run() {
  for (;;) {
    bool stop = false;
    {
      std::unique_lock lock(mutex_);
      // A store that fails is not asked again and again.
      changed_.wait_for(lock, kLook, [this] {
        return stopping_ || look_ ||
               (!write_failed_ &&
                (!waiting_.empty() || !enabled_.empty() || !when_written_.empty()));
      });
      // A failure of one key is often followed by those of others. Whoever waits for its object to
      // be written is not kept.
      changed_.wait_for(lock, kGather, [this] {
        return stopping_ || look_ || waiting_.changes.empty() || !when_written_.empty();
      });
      look_ = false;
      stop = stopping_;
    }
    write_waiting();
    write_journal();
    if (stop) return;
    write_enabled();
    follow_other_processes();
    clean_up(wall_clock());
  }
}

void StoreWriter::write_waiting() {
  store::Batch batch;
  std::vector<std::function<void()>> when_written;
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    std::swap(batch, waiting_);
    std::swap(when_written, when_written_);
    dropped = std::exchange(dropped_, 0);
  }
  dropped += kept_.take_dropped();
  if (dropped > 0)
    log::warn("the key store is too slow: changes were dropped", {{"dropped", dropped}});
  append(batch.usage, pool_.take_usage(wall_clock()));
  batch.kept = kept_.take();
  if (!batch.empty()) {
    const auto written = store_.write(batch);
    kept_.written(static_cast<bool>(written));
    write_failed_ = !written;
    note(written);
    if (written) {
      for (const auto& row : batch.usage) {
        auto& counted = counted_[row_name(row)];
        counted.ours += row.requests;
        counted.hour = row.hour;
      }
    } else {
      keep_for_later(std::move(batch));
    }
  }
  for (const auto& tell : when_written) tell();
}

/// After the keys' own, which must not wait for it.
void StoreWriter::write_journal() {
  const auto dropped = recorder_.take_dropped();
  metrics_.note_dropped(dropped);
  if (dropped > 0)
    log::warn("the store is too slow: records of requests were dropped", {{"dropped", dropped}});
  if (write_failed_) return share_token_days();
  token_limits_.begin_write();
  auto batch = recorder_.take();
  if (!batch.empty()) {
    const auto written = journal_.write(batch);
    write_failed_ = !written;
    note(written);
    if (!written) return recorder_.give_back(std::move(batch));
  }
  share_token_days();
}

/// What tokens have used today is the sum of what all processes wrote.
void StoreWriter::share_token_days() {
  const auto now = wall_clock();
  if (write_failed_ || now < next_token_days_) return;
  next_token_days_ = now + kTokenDays;
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const auto used = journal_.groups(store::kDayStep, to_unix_seconds(today), store::GroupBy::token);
  if (!used) return note(used.error());
  std::vector<TokenLimits::Day> days;
  for (const auto& group : *used) {
    if (!group.name.empty())
      days.push_back({group.name, group.traffic.requests, group.traffic.total_tokens});
  }
  token_limits_.learn(days, now);
}

void StoreWriter::look() {
  {
    const std::lock_guard lock(mutex_);
    look_ = true;
  }
  changed_.notify_one();
}

void StoreWriter::keep(store::Retention retention) {
  const std::lock_guard lock(mutex_);
  retention_ = retention;
}

/// What could not be written goes before what came meanwhile.
void StoreWriter::keep_for_later(store::Batch batch) {
  const std::lock_guard lock(mutex_);
  if (waiting_.changes.size() + batch.changes.size() > kMostWaiting) {
    dropped_ += batch.changes.size();
    batch.changes.clear();
  }
  std::swap(batch, waiting_);
  append(waiting_.changes, std::move(batch.changes));
  append(waiting_.objects, std::move(batch.objects));
  if (waiting_.objects.size() > kMostWaiting) {
    dropped_ += waiting_.objects.size() - kMostWaiting;
    waiting_.objects.resize(kMostWaiting);
  }
  append(waiting_.usage, std::move(batch.usage));
  // Counts of the same row add up: the queue does not grow while the store stalls.
  std::unordered_map<std::string, std::size_t> rows;
  std::vector<keypool::Usage> sums;
  for (auto& row : waiting_.usage) {
    const auto [known, is_new] = rows.emplace(row_name(row), sums.size());
    if (is_new) {
      sums.push_back(std::move(row));
    } else {
      sums[known->second].requests += row.requests;
      sums[known->second].tokens += row.tokens;
    }
  }
  waiting_.usage = std::move(sums);
}

// A store that fails now is asked again by the next round of tests.
void StoreWriter::write_enabled() {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    ids.swap(enabled_);
  }
  if (ids.empty()) return;
  const auto enabled = store_.enable(ids);
  if (!enabled) note(enabled.error());
}

void StoreWriter::follow_other_processes() {
  const auto now = wall_clock();
  auto news = store_.news_since(seen_seq_, now);
  if (!news) return note(news.error());
  // A full disk can be read: only a write tells that it is well again.
  if (!write_failed_) note({});
  if (news->seq == seen_seq_) return;
  if (news->owner_changed) {
    if (auto reloaded = reload(now); !reloaded) return note(reloaded);
    if (followers_.keys_changed) followers_.keys_changed({});
  } else {
    auto changed = keys_of(*news);
    leave_to_next_write(news->keys);
    pool_.learn_keys(news->keys, now);
    learn(pool_, *news, now);
    if (changed && followers_.keys_changed) followers_.keys_changed(*std::move(changed));
  }
  count_others(news->usage, now);
  owners_.learn(news->objects, now);
  if (news->settings_changed && followers_.settings_changed) followers_.settings_changed();
  if (news->tokens_changed && followers_.tokens_changed) {
    auto tokens = store_.client_tokens();
    if (!tokens) return note(tokens.error());
    followers_.tokens_changed(*std::move(tokens));
  }
  seen_seq_ = news->seq;
}

/// Own writes are among the news: what was learned of a key since must not be undone by them.
void StoreWriter::leave_to_next_write(std::vector<keypool::Key>& keys) {
  const std::lock_guard lock(mutex_);
  std::unordered_set<std::string_view> changed;
  for (const auto& change : waiting_.changes) {
    if (change.key_changed) changed.insert(change.key.id);
  }
  std::erase_if(keys, [&](const keypool::Key& key) { return changed.count(key.id) > 0; });
}

/// An owner's change may be of any kind: what is in force is read whole.
Result<void> StoreWriter::reload(TimePoint now) {
  auto keys = store_.keys();
  if (!keys) return std::move(keys).error();
  const auto limits = store_.limits();
  if (!limits) return limits.error();
  const auto states = store_.model_states(now);
  if (!states) return states.error();
  pool_.replace(*std::move(keys), now);
  pool_.learn_limits(*limits, now);
  pool_.learn_states(*states, now);
  log::info("keys were changed in the store", {{"keys", pool_.size()}, {"usable", pool_.usable()}});
  return {};
}

/// The rows are totals: what is more than ours was used by others.
void StoreWriter::count_others(const std::vector<keypool::Usage>& rows, TimePoint now) {
  std::vector<keypool::Usage> more;
  for (const auto& row : rows) {
    auto& counted = counted_[row_name(row)];
    counted.hour = row.hour;
    const auto others = row.requests - std::min(row.requests, counted.ours);
    if (others <= counted.others) continue;
    more.push_back(row);
    more.back().requests = others - counted.others;
    counted.others = others;
  }
  if (!more.empty()) pool_.add_usage(more, now);
}

void StoreWriter::clean_up(TimePoint now) {
  if (now < next_clean_up_) return;
  next_clean_up_ = now + kCleanUp;
  const auto oldest = to_unix_seconds(now) / 3600 - kHoursCounted;
  std::erase_if(counted_, [oldest](const auto& row) { return row.second.hour < oldest; });
  owners_.forget_old(now);
  store::Retention retention;
  {
    const std::lock_guard lock(mutex_);
    retention = retention_;
  }
  if (!write_failed_) note(store_.forget_old(now));
  if (!write_failed_) note(journal_.forget_old(now, retention));
}

// A store that fails does so on every look: said once, when it begins and when it is over.
void StoreWriter::note(const Result<void>& outcome) {
  const bool worked = works_.exchange(static_cast<bool>(outcome));
  if (!outcome && worked) log::error(outcome.error().message, {});
  if (outcome && !worked) log::info("the key store works again", {});
}

}  // namespace gembal::daemon
