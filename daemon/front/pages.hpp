#pragma once

#include <functional>
#include <memory>

#include "daemon/message.hpp"

namespace gembal::daemon::front {

/// What the health pages tell.
struct Readiness {
  std::size_t usable_keys = 0;
  bool store_works = true;
};

/// What gembal serves itself rather than passing on. cpp-httplib's parser and routes, fed with one
/// whole request from memory: it never sees a socket.
///
/// Thread-safe, as long as `readiness` is.
class Pages {
 public:
  explicit Pages(std::function<Readiness()> readiness);
  ~Pages();

  Response serve(const Request& request) const;

 private:
  class Site;
  std::unique_ptr<Site> site_;
};

}  // namespace gembal::daemon::front
