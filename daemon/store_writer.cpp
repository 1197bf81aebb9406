#include "daemon/store_writer.hpp"

#include <unordered_map>

#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

constexpr auto kGather =
    std::chrono::milliseconds{200};  // changes of so long go into one transaction
constexpr auto kLook =
    std::chrono::milliseconds{500};  // between two looks for other processes' changes
constexpr std::size_t kMostWaiting = 20'000;

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

}  // namespace

Result<void> load_pool(store::KeyStore& store, keypool::KeyPool& pool, TimePoint now) {
  auto keys = store.keys();
  if (!keys) return std::move(keys).error();
  const auto states = store.model_states(now);
  if (!states) return states.error();
  std::unordered_map<std::string, std::vector<keypool::ModelState>> by_subject;
  for (const auto& [subject, state] : *states) by_subject[subject].push_back(state);
  std::vector<std::pair<std::string, keypool::ModelState>> by_id;
  for (const auto& key : *keys) {
    for (const auto& state : by_subject[quota_subject(key)]) by_id.emplace_back(key.id, state);
  }
  pool.replace(*std::move(keys), by_id, now);
  return {};
}

StoreWriter::StoreWriter(store::KeyStore store, keypool::KeyPool& pool)
    : store_(std::move(store)), pool_(pool) {
  if (const auto news = store_.news_since(0, wall_clock())) seen_seq_ = news->seq;
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

void StoreWriter::remember(keypool::Change change) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) {
      ++dropped_;
      return;
    }
    waiting_.push_back(std::move(change));
  }
  changed_.notify_one();
}

void StoreWriter::enable(std::vector<std::string> ids) {
  {
    const std::lock_guard lock(mutex_);
    std::move(ids.begin(), ids.end(), std::back_inserter(enabled_));
  }
  changed_.notify_one();
}

void StoreWriter::run() {
  for (;;) {
    bool stop = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kLook,
                        [this] { return stopping_ || !waiting_.empty() || !enabled_.empty(); });
      // A failure of one key is often followed by those of others.
      if (!waiting_.empty() && !stopping_)
        changed_.wait_for(lock, kGather, [this] { return stopping_; });
      stop = stopping_;
    }
    write_waiting();
    if (stop) return;
    write_enabled();
    follow_other_processes();
  }
}

void StoreWriter::write_waiting() {
  store::Batch batch;
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    batch.changes.assign(std::make_move_iterator(waiting_.begin()),
                         std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    dropped = std::exchange(dropped_, 0);
  }
  if (dropped > 0)
    log::warn("the key store is too slow: changes were dropped", {{"dropped", dropped}});
  if (batch.empty()) return;
  const auto written = store_.write(batch);
  note(written);
  if (written) return;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() + batch.changes.size() > kMostWaiting) {
    dropped_ += batch.changes.size();
    return;
  }
  waiting_.insert(waiting_.begin(), std::make_move_iterator(batch.changes.begin()),
                  std::make_move_iterator(batch.changes.end()));
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
  if (!enabled) return note(enabled.error());
  const auto news = store_.news_since(seen_seq_, wall_clock());
  const auto loaded = load_pool(store_, pool_, wall_clock());
  note(loaded);
  if (loaded && news) seen_seq_ = news->seq;
}

// The news of what this process wrote itself change nothing: the pool knows more already.
void StoreWriter::follow_other_processes() {
  const auto news = store_.news_since(seen_seq_, wall_clock());
  if (!news) return note(news.error());
  if (news->owner_changed || !news->keys.empty()) {
    const auto loaded = load_pool(store_, pool_, wall_clock());
    note(loaded);
    if (!loaded) return;
  }
  seen_seq_ = news->seq;
  if (!news->owner_changed) return;
  log::info("keys were changed by another process",
            {{"keys", pool_.size()}, {"usable", pool_.usable()}});
}

// A store that fails does so on every look: said once, when it begins and when it is over.
void StoreWriter::note(const Result<void>& outcome) {
  const bool worked = works_.exchange(static_cast<bool>(outcome));
  if (!outcome && worked) log::error(outcome.error().message, {});
  if (outcome && !worked) log::info("the key store works again", {});
}

}  // namespace gembal::daemon
