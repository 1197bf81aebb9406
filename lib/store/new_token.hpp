#pragma once

#include <string>

#include "lib/core/result.hpp"
#include "lib/core/secret.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::store {

/// A token that was just made, and what the store keeps of it.
struct NewToken {
  Secret secret;  ///< for whoever asked for it, this once
  ClientToken kept;
};

/// Makes one without limits. Errors: usage (what cannot be a name: 1 to 64 letters, digits, blanks
/// and .-_@).
Result<NewToken> new_token(const std::string& name);

}  // namespace gembal::store
