#include <gtest/gtest.h>

#include "lib/upstream/key_check.hpp"

namespace gembal::upstream {
namespace {

using keypool::Outcome;

TEST(KeyVerdictTest, SaysWhatAReplyMeansForTheKeyItself) {
  const struct {
    Outcome outcome;
    const char* reason;
    const char* expected;
    bool usable;
    bool bad;
  } cases[] = {
      {Outcome::success, "", "valid", true, false},
      {Outcome::quota_minute, "PerMinute", "limited", true, false},
      {Outcome::quota_day, "PerDay", "limited", true, false},
      {Outcome::key_dead, "API_KEY_INVALID", "invalid", false, true},
      {Outcome::key_dead, "expired", "expired", false, true},
      {Outcome::key_dead, "leaked", "leaked", false, true},
      {Outcome::key_dead, "suspended", "suspended", false, true},
      {Outcome::key_dead, "project banned", "suspended", false, true},
      {Outcome::key_unusable, "API_KEY_SERVICE_BLOCKED", "blocked", false, true},
      {Outcome::key_unusable, "SERVICE_DISABLED", "blocked", false, true},
      {Outcome::key_unusable, "billing", "no-billing", false, true},
      {Outcome::exit_blocked, "region", "region", false, false},
      {Outcome::broken, "500", "unreachable", false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.reason);
    keypool::Verdict judged;
    judged.outcome = c.outcome;
    judged.reason = c.reason;
    const auto verdict = key_verdict(judged);
    EXPECT_STREQ(to_string(verdict), c.expected);
    EXPECT_EQ(is_usable(verdict), c.usable);
    EXPECT_EQ(is_bad(verdict), c.bad);
  }
}

}  // namespace
}  // namespace gembal::upstream
