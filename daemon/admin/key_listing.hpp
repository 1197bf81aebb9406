#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/keypool/key.hpp"
#include "lib/store/key_store.hpp"

namespace gembal::daemon::admin {

/// "ok", "cooling", "exhausted", "unsupported" or "disabled".
std::string status_of(const keypool::Key& key, const std::vector<keypool::ModelState>& states);

/// The states of each quota subject.
using StatesBySubject = std::map<std::string, std::vector<keypool::ModelState>>;
StatesBySubject by_subject(const std::vector<keypool::SubjectState>& states);

/// A key with what was learned about it.
struct Listed {
  keypool::Key key;
  std::vector<keypool::ModelState> states;
  std::uint64_t requests = 0;  ///< of the last 24 hours
  std::uint64_t tokens = 0;
};

/// Every key of the store. Errors: store.
Result<std::vector<Listed>> list_keys(store::KeyStore& store, TimePoint now);

/// As `keys list --json` and the admin API have it. `show`: the whole key.
Json to_json(const Listed& listed, bool show);

}  // namespace gembal::daemon::admin
