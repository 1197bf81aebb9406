#include "lib/core/expiring_cache.hpp"

#include <utility>

namespace gembal {
namespace {

constexpr std::size_t kEntryBytes = 160;  // the entry, its node in the list and in the table

}  // namespace

std::size_t ExpiringCache::cost(const Entry& entry) {
  return kEntryBytes + entry.name.size() + entry.value.size();
}

void ExpiringCache::put(std::string name, std::string value, TimePoint expires) {
  erase(name);
  entries_.push_front({std::move(name), std::move(value), expires});
  by_name_.emplace(entries_.front().name, entries_.begin());
  bytes_ += cost(entries_.front());
  while (by_name_.size() > most_entries_ || bytes_ > most_bytes_) erase(std::prev(entries_.end()));
}

const std::string* ExpiringCache::find(std::string_view name, TimePoint now) {
  const auto known = by_name_.find(name);
  if (known == by_name_.end()) return nullptr;
  const auto place = known->second;
  if (place->expires <= now) {
    erase(place);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, place);
  return &place->value;
}

void ExpiringCache::erase(std::string_view name) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) erase(known->second);
}

void ExpiringCache::erase(Place place) {
  bytes_ -= cost(*place);
  by_name_.erase(place->name);
  entries_.erase(place);
}

}  // namespace gembal
