#pragma once

#include <optional>
#include <string>

#include "cmd/api_access.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {

/// A daemon's admin API, for commands that look after a daemon from afar. Each call waits for its
/// end; Ctrl-C ends it.
class AdminAccess {
 public:
  /// nullopt when no daemon is named, by --via or client.url: the store is meant. Errors: config,
  /// store, usage (no token).
  static Result<std::optional<AdminAccess>> open(const Context& context, const Via& via);

  /// `path`: below /api/admin, with its query: "/keys". Errors: those that the daemon tells, with
  /// its hint; upstream (it is not reached); cancelled.
  Result<Json> get(const std::string& path) const;
  Result<Json> send(const std::string& method, const std::string& path, const Json& body) const;

 private:
  AdminAccess(std::string url, Secret token) : url_(std::move(url)), token_(std::move(token)) {}
  Result<Json> call(const std::string& method, const std::string& path,
                    std::optional<std::string> body) const;

  std::string url_;
  Secret token_;
};

/// --via and --token, for a command that can look after a daemon's store.
void add_admin_options(CLI::App& command, Via& via);

}  // namespace gembal::cmd
