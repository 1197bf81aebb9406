#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/message.hpp"

namespace httplib {
class Server;
}

namespace gembal::daemon::front {

/// What gembal serves itself rather than passing on: cpp-httplib's parser and routes, fed with one
/// whole request from memory. It never sees a socket.
///
/// Once its routes are set, serve() may be called from any thread.
class Site {
 public:
  Site();
  ~Site();

  httplib::Server& routes();

  /// HEAD is answered as GET: the connection leaves the body out.
  Response serve(const Request& request) const;

 private:
  std::unique_ptr<httplib::Server> server_;
};

}  // namespace gembal::daemon::front
