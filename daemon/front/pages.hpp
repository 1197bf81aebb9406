#pragma once

#include <functional>
#include <string>

#include "daemon/front/site.hpp"

namespace gembal::daemon::front {

/// What the health pages tell.
struct Readiness {
  std::size_t keys = 0;
  std::size_t usable_keys = 0;
  bool store_works = true;
};

/// The pages of whoever watches over gembal: /healthz, /health, /readyz, /metrics.
///
/// Thread-safe, as long as what they tell is.
class Pages {
 public:
  Pages(std::function<Readiness()> readiness, std::function<std::string()> metrics);

  Response serve(const Request& request) const { return site_.serve(request); }

 private:
  Site site_;
};

}  // namespace gembal::daemon::front
