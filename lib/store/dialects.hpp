#pragma once

#include <memory>

#include "lib/store/dialect.hpp"

namespace gembal::store {

// Each in a file of its own.
std::unique_ptr<Dialect> make_sqlite_dialect();
std::unique_ptr<Dialect> make_mysql_dialect();
std::unique_ptr<Dialect> make_postgresql_dialect();

// What the two servers share.

/// Loads SOCI's library for a server ("mysql", "postgresql"), once for the process. Errors: store,
/// saying what to install.
Result<void> load_backend(const Url& url, const std::string& name);

/// `NAME='VALUE' ` as both client libraries read it; "" when there is no value.
std::string option(const char* name, const std::string& value);

/// How long connecting may take: as long as `busy`, but between one and five seconds.
int connect_seconds(Milliseconds busy);

/// What an exception says, without the values that a statement was executed with: keys may be among
/// them.
std::string message_of(const std::exception& exception);

}  // namespace gembal::store
