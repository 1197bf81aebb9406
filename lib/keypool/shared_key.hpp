#pragma once

#include <cstdint>
#include <utility>

#include "lib/keypool/key.hpp"

namespace gembal::keypool {

/// A key, as it was at one moment, that several hold: a std::shared_ptr<const Key> which counts
/// without atomic operations. All that hold the same one copy it and let it go under one lock, the
/// pool's; reading needs none. May be empty.
class SharedKey {
 public:
  SharedKey() = default;
  explicit SharedKey(Key key) : held_(new Held{std::move(key), 1}) {}
  SharedKey(const SharedKey& other) : held_(other.held_) {
    if (held_) ++held_->holders;
  }
  SharedKey(SharedKey&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  SharedKey& operator=(SharedKey other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~SharedKey() {
    if (held_ && --held_->holders == 0) delete held_;
  }

  explicit operator bool() const { return held_ != nullptr; }
  const Key& operator*() const { return held_->key; }
  const Key* operator->() const { return &held_->key; }

 private:
  struct Held {
    const Key key;
    std::uint32_t holders;
  };
  Held* held_ = nullptr;
};

}  // namespace gembal::keypool
