#include "daemon/kept_memory.hpp"

namespace gembal::daemon {
namespace {

using std::chrono::hours;

constexpr std::size_t kLongestName = 256;
constexpr std::size_t kMostWaitingBytes = 64u << 20;
constexpr std::size_t kRowBytes = 200;  // what a value costs beside itself

/// A signature is only checked in the turn that is under way; a response is OpenAI's thirty days.
constexpr hours life(KeptKind kind) { return kind == KeptKind::signature ? hours{48} : hours{720}; }

std::size_t cost(const std::string& name, const std::string& value) {
  return kRowBytes + name.size() + value.size();
}

}  // namespace

const char* to_string(KeptKind kind) {
  return kind == KeptKind::signature ? "signature" : "response";
}

void KeptMemory::remember(KeptKind kind, std::string name, std::string value, TimePoint now) {
  if (name.empty() || name.size() > kLongestName) return;
  const auto expires = now + life(kind);
  const std::lock_guard lock(mutex_);
  if (holds(kind)) cache(kind).put(name, value, expires);
  if (writes_behind_) wait_for_writer({kind, std::move(name)}, {std::move(value), expires});
}

void KeptMemory::forget(KeptKind kind, std::string name) {
  const std::lock_guard lock(mutex_);
  cache(kind).erase(name);
  if (writes_behind_) wait_for_writer({kind, std::move(name)}, {});
}

void KeptMemory::learn(KeptKind kind, store::KeptValue value) {
  const std::lock_guard lock(mutex_);
  if (holds(kind)) cache(kind).put(std::move(value.name), std::move(value.value), value.expires);
}

void KeptMemory::wait_for_writer(Name name, Value value) {
  const auto bytes = cost(name.second, value.value);
  const bool is_gone = value.value.empty();  // and must not come back
  if (!is_gone && waiting_bytes_ + bytes > kMostWaitingBytes) {
    ++dropped_;
    return;
  }
  waiting_[std::move(name)] = std::move(value);
  waiting_bytes_ += bytes;
}

std::optional<KeptMemory::Found> KeptMemory::find(KeptKind kind, const std::string& name,
                                                  TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (const auto* held = cache(kind).find(name, now)) return Found{*held};
  if (waiting_.empty() && writing_.empty()) return std::nullopt;
  const Name key(kind, name);
  for (const auto* values : {&waiting_, &writing_}) {
    const auto known = values->find(key);
    if (known == values->end()) continue;
    if (known->second.expires <= now) return Found{};
    return Found{known->second.value};
  }
  return std::nullopt;
}

std::vector<store::KeptValue> KeptMemory::take() {
  {
    const std::lock_guard lock(mutex_);
    writing_.swap(waiting_);
    waiting_.clear();
    waiting_bytes_ = 0;
  }
  std::vector<store::KeptValue> rows;
  rows.reserve(writing_.size());
  for (const auto& [name, value] : writing_)
    rows.push_back({to_string(name.first), name.second, value.value, value.expires});
  return rows;
}

// What came meanwhile is newer than what could not be written.
void KeptMemory::written(bool worked) {
  const std::lock_guard lock(mutex_);
  if (!worked) {
    for (auto& [name, value] : writing_) {
      if (!waiting_.contains(name)) wait_for_writer(name, std::move(value));
    }
  }
  writing_.clear();
}

std::uint64_t KeptMemory::take_dropped() {
  const std::lock_guard lock(mutex_);
  return std::exchange(dropped_, 0);
}

}  // namespace gembal::daemon
