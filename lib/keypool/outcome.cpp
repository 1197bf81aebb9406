#include "lib/keypool/outcome.hpp"

namespace gembal::keypool {

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::success: return "success";
    case Outcome::caller_fault: return "caller's fault";
    case Outcome::key_dead: return "key dead";
    case Outcome::key_unusable: return "key unusable";
    case Outcome::quota_minute: return "quota per minute";
    case Outcome::quota_day: return "quota per day";
    case Outcome::quota_zero: return "quota zero";
    case Outcome::model_closed: return "model closed";
    case Outcome::no_credit: return "no credit";
    case Outcome::model_overloaded: return "model overloaded";
    case Outcome::broken: return "broken";
    case Outcome::exit_blocked: return "exit blocked";
    case Outcome::wrong_object: return "wrong object";
    case Outcome::proxy_fault: return "proxy fault";
  }
  return "unknown";
}

}  // namespace gembal::keypool
