#pragma once

#include <optional>
#include <string>

#include "lib/core/time.hpp"
#include "lib/keypool/key.hpp"

namespace gembal::keypool {

/// What one use of a key came to, and so what the pool does about it. The table is in DESIGN's key
/// pool part.
enum class Outcome {
  success,       ///< clears the key's failures
  caller_fault,  ///< the request is wrong whatever the key: no effect, answered at once
  key_dead,      ///< disabled at once: leaked, suspended, unknown to Google
  key_unusable,  ///< billing, service disabled, blocked: a failure; disabled at max_failures
  quota_minute,  ///< key and model cool down for Verdict::delay
  quota_day,  ///< key and model are exhausted until Pacific midnight (or Verdict::delay, when later
              ///< and sane)
  quota_zero,    ///< this project has no quota for the model at all: unsupported for a day
  model_closed,  ///< this project may not use the model (closed to new users): unsupported for a
                 ///< day
  no_credit,  ///< prepaid credit or spending cap used up: the whole key is benched, for every model
  model_overloaded,  ///< nobody's fault: back off, blame no key
  broken,            ///< 5xx, cut or empty answer: nobody's fault, worth another try
  exit_blocked,  ///< region or address refused: every key of this exit would get the same; blame no
                 ///< key
  wrong_object,  ///< the object belongs to another key's project
  proxy_fault,   ///< gembal sent it wrongly (no key, two keys): no effect on the key, reported as
                 ///< gembal's error
};

const char* to_string(Outcome outcome);

/// The judgement of one reply.
struct Verdict {
  Outcome outcome = Outcome::success;
  std::optional<Milliseconds> delay{};  ///< how long upstream asks to wait; none: it did not say
  std::string
      reason;  ///< for people and the store: "leaked", "API_KEY_INVALID", "PerDay"; "" for success
  bool bare_quota =
      false;  ///< a 429 without details: the model's fault when several keys in a row say it
  bool bad_signature =
      false;  ///< caller_fault for a thought signature: one retry with the bypass value may help
  std::string quota_model{};  ///< that a refused quota is counted under, when named: an alias's own
  QuotaLimits limits{};       ///< named by a refused quota; zero where it named none
  std::string project{};      ///< of the key, when the error names it ("projects/123"); "" else

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

}  // namespace gembal::keypool
