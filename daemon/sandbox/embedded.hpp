#pragma once

#include <memory>
#include <string>
#include <thread>

#include "daemon/sandbox/server.hpp"

namespace gembal::sandbox {

/// The embedded sandbox on a thread of its own, so that it is as far away as a network would be.
class Embedded {
 public:
  static Result<std::unique_ptr<Embedded>> start();
  ~Embedded();

  std::string base_url() const;

 private:
  async::Loop loop_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace gembal::sandbox
