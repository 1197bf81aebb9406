#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/time.hpp"

namespace gembal::upstream {

/// A call of upstream that failed.
struct FailedTry {
  TimePoint time{};
  std::string key_id;
  std::string model;
  int status = 0;                              ///< 0: there was no reply
  std::string kind;                            ///< to_string() of its Outcome
  std::string message;                         ///< upstream's own words, without keys
  std::string reply;                           ///< how its body began, as it came
  std::shared_ptr<const std::string> request;  ///< null unless the trail keeps them
};

/// What the calls of one request of a client left behind: filled while they go on, complete once
/// their answers are destroyed. Belongs to one loop.
struct Trail {
  bool keeps_requests = false;  ///< of calls that fail
  std::uint64_t calls = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t total_tokens = 0;  ///< of input and output
  std::vector<FailedTry> failed;

  /// More than these are only counted.
  static constexpr std::size_t kMostFailed = 32;
};

}  // namespace gembal::upstream
