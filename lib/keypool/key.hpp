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
  TimePoint last_used{};       ///< the epoch: never
};

/// Who shares a quota: the keys of one project ("p:PROJECT"), or a key alone ("k:ID").
std::string quota_subject(const Key& key);

// The reasons that an owner's own doing leaves.
inline constexpr const char* kDisabledByHand = "disabled by hand";
inline constexpr const char* kAddedDisabled = "added disabled";

/// Whether its owner disabled the key: then nobody else enables it again.
inline bool disabled_by_owner(const Key& key) {
  return key.disabled && (key.reason == kDisabledByHand || key.reason == kAddedDisabled);
}

enum class ModelStatus {
  cooling,
  exhausted,
  unsupported,
  overloaded,  ///< the model itself, whatever the key
};

const char* to_string(ModelStatus status);

/// Why a quota subject is not handed out for one model, and until when.
struct ModelState {
  std::string model;  ///< the model's id; "*" for every model (no credit)
  ModelStatus status = ModelStatus::cooling;
  TimePoint until{};
  std::string reason;  ///< "PerMinute", "PerDay", "limit 0"
};

/// What upstream allows a quota subject for one model. Zero: not known.
struct QuotaLimits {
  std::uint32_t requests_per_minute = 0;
  std::uint32_t requests_per_day = 0;
  std::uint64_t tokens_per_minute = 0;  ///< of input
  TimePoint learned{};                  ///< when upstream last named one of them

  friend bool operator==(const QuotaLimits&, const QuotaLimits&) = default;
};

struct ModelLimits {
  std::string model;
  QuotaLimits limits;
};

/// What one key was used for with one model in one hour.
struct Usage {
  std::string key_id;
  std::string model;
  std::int64_t hour = 0;  ///< hours since 1970, UTC
  std::uint64_t requests = 0;
  std::uint64_t tokens = 0;  ///< of input and output
};

/// States and limits as the store has them: of a quota subject ("" for a state of the model
/// itself).
struct SubjectState {
  std::string subject;
  ModelState state;
};
struct SubjectLimits {
  std::string subject;
  ModelLimits limits;
};

/// Something that was learned with one use of a key, and that the store must remember.
struct Change {
  Key key;                               ///< the key that it was learned with, as it is now
  bool key_changed = false;              ///< its failures, disabled, reason or project
  std::vector<ModelState> model_states;  ///< of its quota subject; `overloaded`: of the model
  std::vector<ModelLimits> limits;       ///< of its quota subject
};

}  // namespace gembal::keypool
