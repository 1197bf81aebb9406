#include "daemon/upstream_error.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

using keypool::Outcome;

TEST(UpstreamErrorTest, NoFaultOfAKeyOrOfTheWayLooksLikeTheClients) {
  const struct {
    const char* name;
    int upstream;
    Outcome outcome;
    int expected;
  } cases[] = {
      {"a wrong request", 400, Outcome::caller_fault, 400},
      {"no such model", 404, Outcome::caller_fault, 404},
      {"too large", 413, Outcome::caller_fault, 413},
      {"a key that is not valid", 400, Outcome::key_dead, 503},
      {"a key that is refused", 401, Outcome::key_unusable, 503},
      {"a key without billing", 403, Outcome::key_unusable, 503},
      {"too many requests", 429, Outcome::quota_minute, 429},
      {"a location that is not served", 400, Outcome::exit_blocked, 502},
      {"another key's object", 403, Outcome::wrong_object, 404},
      {"sent wrongly by us", 400, Outcome::proxy_fault, 502},
      {"unauthorized for no known reason", 401, Outcome::caller_fault, 502},
      {"forbidden for no known reason", 403, Outcome::caller_fault, 502},
      {"given up upstream", 499, Outcome::broken, 504},
      {"an internal error", 500, Outcome::broken, 500},
      {"overloaded", 503, Outcome::model_overloaded, 503},
      {"too slow", 504, Outcome::broken, 504},
      {"a redirection", 302, Outcome::success, 502},
  };
  for (const auto& c : cases) EXPECT_EQ(client_status(c.upstream, c.outcome), c.expected) << c.name;
}

}  // namespace
}  // namespace gembal::daemon
