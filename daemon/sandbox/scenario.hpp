#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/sandbox/faults.hpp"
#include "daemon/sandbox/quota.hpp"
#include "lib/core/json.hpp"

namespace gembal::sandbox {

/// A fault for the requests that match. An empty pattern matches all, another one as a part of the
/// whole.
struct Rule {
  std::string key;
  std::string model;
  std::string path;
  Milliseconds after{};               ///< not before the sandbox has run for so long
  std::optional<Milliseconds> lasts;  ///< and then for so long; no value: for ever
  int skip = 0;                       ///< so many matching requests pass unharmed first
  std::optional<int> first;  ///< and then so many get the fault; no value: all further ones
  std::optional<Fault>
      fault;  ///< no value: the matching requests pass, whatever later rules and the key's name say
};

/// A key that the scenario knows.
struct KnownKey {
  std::string key;
  std::string
      project;  ///< keys of one project share quota and objects; empty: a project of its own
  Quota quota;  ///< where it has no value, the scenario's own counts
  std::optional<Fault> fault;
};

/// How a sandbox behaves, from a file. The format is described in docs/sandbox.md.
struct Scenario {
  std::optional<std::uint64_t> seed;
  std::optional<Milliseconds> chunk_delay;
  std::optional<Milliseconds> latency;
  std::vector<KnownKey> keys;  ///< empty: any key is accepted; else all others are invalid
  Quota quota;
  std::map<std::string, Quota> models;  ///< by id; what it says wins over all other quotas
  std::vector<Rule> rules;
};

/// Errors: config, naming the member that is unknown or wrong.
Result<Scenario> parse_scenario(const Json& json);

}  // namespace gembal::sandbox
