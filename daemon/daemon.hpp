#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/service_manager.hpp"
#include "lib/config/load.hpp"
#include "lib/core/result.hpp"

namespace gembal::daemon {

struct Options {
  config::Loaded loaded;
  std::function<Result<config::Loaded>()> reload;  ///< for SIGHUP
  ServiceManager service_manager;                  ///< told how the daemon is
  bool sandbox = false;  ///< an embedded stand-in for the API answers; the store is for a while
};

/// What a user wants to know once the daemon listens.
struct Started {
  std::vector<std::string> addresses;  ///< "127.0.0.1:8000"
  std::size_t keys = 0;
  std::size_t usable_keys = 0;
  Secret token;               ///< the first client token
  Secret admin_token;         ///< for the admin pages; often the same
  bool token_is_new = false;  ///< made by this start
  std::string store;          ///< the store's path; "" with the sandbox
};

/// Runs the proxy until SIGTERM or SIGINT; `started` is called once, when it listens.
/// Errors: config, io (cannot listen), store. Success: it was asked to stop, and drained.
Result<void> run(Options options, const std::function<void(const Started&)>& started);

}  // namespace gembal::daemon
