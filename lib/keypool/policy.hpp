#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/keypool/key.hpp"

namespace gembal::keypool {

/// Which of the ready keys is next.
enum class Choice {
  round_robin,      ///< each in its turn
  least_used,       ///< the one with the fewest requests for the model today
  least_in_flight,  ///< the one with the fewest requests for the model under way
  fill_first,       ///< the first in the store's order, until it is spent
};

/// What a pool obeys. Quota subjects (see quota_subject) take turns, not keys: what is limited is
/// the subject.
struct Policy {
  int max_failures = 3;  ///< key_unusable verdicts in a row after which a key is disabled; >= 1
  Choice choice = Choice::round_robin;
  bool follows_conversations = true;  ///< later turns of a conversation go to the key of the first
  std::uint32_t most_ahead = 30;      ///< turns by which that may put a key ahead of the others
  bool paces = true;                  ///< keeps subjects under their limits
  QuotaLimits free_tier;  ///< configured limits of every subject of a tier and each model; zero:
  QuotaLimits paid_tier;  ///< what was learned counts alone
  std::vector<std::string> paid_models;  ///< patterns ("*-image*"): here paid keys go first
};

}  // namespace gembal::keypool
