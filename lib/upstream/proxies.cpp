#include "lib/upstream/proxies.hpp"

#include <algorithm>

namespace gembal::upstream {
namespace {

using std::chrono::seconds;

constexpr int kFailuresInARow = 2;
constexpr auto kFirstPause = seconds{5};
constexpr auto kLongestPause = seconds{300};
constexpr int kMostDoublings = 6;
constexpr int kRefusedLevel = 4;  // 80 s: what an address is refused for does not pass soon

// Both must give the same everywhere and always, so that keys keep their exits over restarts.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return value;
}
std::uint64_t mix(std::uint64_t value) {  // splitmix64
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

/// Of a proxy and not of its password: with a new one it still is the same way.
std::uint64_t weight_seed_of(const http::Proxy& proxy) {
  return mix(hash(proxy.address + '\n' + proxy.user.reveal()));
}

seconds pause(int level) { return std::min(kFirstPause * (1 << level), kLongestPause); }

bool is_among(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

Proxies::Proxies(Tell tell, std::uint32_t seed) : tell_(std::move(tell)), random_(seed) {}

void Proxies::replace(const std::vector<http::Proxy>& proxies, ProxyPolicy policy) {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  for (const auto& proxy : proxies) {
    const auto same = [&](const Entry& entry) { return *entry.proxy == proxy; };
    if (std::any_of(entries.begin(), entries.end(), same)) continue;
    const auto known = std::find_if(entries_.begin(), entries_.end(), same);
    if (known != entries_.end()) {
      entries.push_back(*known);
      continue;
    }
    Entry made;
    made.id = ++last_id_;
    made.proxy = std::make_shared<const http::Proxy>(proxy);
    made.weight_seed = weight_seed_of(proxy);
    entries.push_back(std::move(made));
  }
  entries_ = std::move(entries);
  policy_ = policy;
  sole_ = entries_.empty() ? kNone : entries_.size() == 1 ? entries_.front().id : kMany;
}

std::optional<std::uint32_t> Proxies::sole() const {
  const auto id = sole_.load(std::memory_order_relaxed);
  return id == kMany ? std::nullopt : std::optional(id);
}

Proxies::Entry* Proxies::pick(std::uint64_t key, const std::vector<std::uint32_t>& tried,
                              Time now) {
  Entry* best = nullptr;
  std::uint64_t most = 0;
  Entry* first_due = nullptr;
  for (auto& entry : entries_) {
    if (is_among(tried, entry.id)) continue;
    if (!first_due || entry.due < first_due->due) first_due = &entry;
    if (entry.is_out && now < entry.due) continue;
    const auto weight =
        policy_ == ProxyPolicy::random ? mix(random_()) : mix(key ^ entry.weight_seed);
    if (best && weight <= most) continue;
    best = &entry;
    most = weight;
  }
  return best ? best : first_due;
}

Exit Proxies::choose(std::string_view key_id, const std::vector<std::uint32_t>& tried, Time now) {
  const auto key = hash(key_id);
  const std::lock_guard lock(mutex_);
  auto* entry = pick(key, tried, now);
  if (!entry) entry = pick(key, {}, now);
  if (!entry) return {};
  // Until its pause is over again, others do not ask it, too: whether this try tells or not.
  if (entry->is_out) entry->due = now + pause(entry->level);
  return {entry->id, entry->proxy, entry->is_out};
}

bool Proxies::has_other(const std::vector<std::uint32_t>& than) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return !entry.is_out && !is_among(than, entry.id);
  });
}

Proxies::Entry* Proxies::find(const Exit& exit) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.id == exit.id; });
  return found == entries_.end() ? nullptr : &*found;
}

void Proxies::leave_out(Entry& entry, int level, Time now) {
  entry.is_out = true;
  entry.level = std::min(level, kMostDoublings);
  entry.due = now + pause(entry.level);
}

void Proxies::worked(const Exit& exit) {
  keypool::Notice notice{false, "a proxy works again", ""};
  {
    const std::lock_guard lock(mutex_);
    auto* entry = find(exit);
    if (!entry) return;
    entry->failures = 0;
    // One that is refused may still answer what began before, or what asks for something else.
    if (!entry->is_out || (entry->is_refused && !exit.is_probe)) return;
    entry->is_out = entry->is_refused = false;
    entry->level = 0;
    notice.about = entry->proxy->redacted();
  }
  if (tell_) tell_(notice);
}

void Proxies::failed(const Exit& exit, const std::string& why, Time now) {
  keypool::Notice notice{true, "a proxy does not work: " + why, ""};
  {
    const std::lock_guard lock(mutex_);
    auto* entry = find(exit);
    if (!entry) return;
    ++entry->failures;
    if (entry->is_out) {
      // What began before it was left out says nothing new.
      if (exit.is_probe) leave_out(*entry, entry->level + 1, now);
      return;
    }
    if (entry->failures < kFailuresInARow) return;
    leave_out(*entry, 0, now);
    notice.about = entry->proxy->redacted();
  }
  if (tell_) tell_(notice);
}

void Proxies::refused(const Exit& exit, const std::string& why, Time now) {
  keypool::Notice notice{true, "a proxy is left out: the upstream refuses its address: " + why, ""};
  {
    const std::lock_guard lock(mutex_);
    auto* entry = find(exit);
    if (!entry || entries_.size() == 1) return;
    if (entry->is_out) {
      if (exit.is_probe) leave_out(*entry, std::max(entry->level + 1, kRefusedLevel), now);
      return;
    }
    entry->is_refused = true;
    leave_out(*entry, kRefusedLevel, now);
    notice.about = entry->proxy->redacted();
  }
  if (tell_) tell_(notice);
}

}  // namespace gembal::upstream
