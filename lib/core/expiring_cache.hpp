#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/core/time.hpp"

namespace gembal {

/// Texts by name, each for its time, within bounds: what was not asked for longest goes first.
/// Not thread-safe; reads no clock.
class ExpiringCache {
 public:
  /// `most_bytes` counts names, values and what keeping them costs.
  ExpiringCache(std::size_t most_entries, std::size_t most_bytes)
      : most_entries_(most_entries), most_bytes_(most_bytes) {}

  /// A value that alone is over the bounds is not kept.
  void put(std::string name, std::string value, TimePoint expires);

  /// nullptr when it is not there, or its time has passed. Valid until the next call.
  const std::string* find(std::string_view name, TimePoint now);

  void erase(std::string_view name);

  std::size_t size() const { return by_name_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string name;
    std::string value;
    TimePoint expires;
  };
  using Place = std::list<Entry>::iterator;

  static std::size_t cost(const Entry& entry);
  void erase(Place place);

  const std::size_t most_entries_;
  const std::size_t most_bytes_;
  std::list<Entry> entries_;                             ///< the latest used first
  std::unordered_map<std::string_view, Place> by_name_;  ///< the names are the entries' own
  std::size_t bytes_ = 0;
};

}  // namespace gembal
