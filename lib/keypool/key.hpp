#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/core/secret.hpp"
#include "lib/core/time.hpp"

namespace gembal::keypool {

/// One API key as the store keeps it. A plain value.
struct Key {
  Secret secret;
  std::string id;       ///< secret.id()
  std::string label;    ///< the owner's name for it; "" for none
  std::string project;  ///< declared or learned: keys of one project share quota; "" when unknown
  bool paid = false;
  bool disabled = false;
  std::string reason;          ///< why it is disabled; "" when it is not
  TimePoint disabled_since{};  ///< meaningful while disabled
  int failures = 0;            ///< in a row
  std::int64_t revision = 0;   ///< counts what its owner did: with a new one, the key starts afresh
};

// The reasons that an owner's own doing leaves.
inline constexpr const char* kDisabledByHand = "disabled by hand";
inline constexpr const char* kAddedDisabled = "added disabled";

/// Whether its owner disabled the key: then nobody else enables it again.
inline bool disabled_by_owner(const Key& key) {
  return key.disabled && (key.reason == kDisabledByHand || key.reason == kAddedDisabled);
}

enum class ModelStatus { cooling, exhausted, unsupported };

const char* to_string(ModelStatus status);

/// Why a key is not handed out for one model, and until when.
struct ModelState {
  std::string model;  ///< the model's id; "*" for every model (no credit)
  ModelStatus status = ModelStatus::cooling;
  TimePoint until{};
  std::string reason;  ///< "PerMinute", "PerDay", "limit 0"
};

/// A change that report() made and the store must remember.
struct Change {
  Key key;                               ///< as it is now
  bool key_changed = false;              ///< failures, disabled or reason
  std::vector<ModelState> model_states;  ///< new or prolonged
};

}  // namespace gembal::keypool
