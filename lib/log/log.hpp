#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace gembal::log {

struct Options {
  std::string level = "info";   ///< "debug", "info", "warn", "error"
  std::string format = "text";  ///< or "json": one object a line
  bool requests = true;         ///< a line per request
};

/// One named value of a line. Valid for the call that it is made for.
struct Field {
  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, std::integral auto v) : name(n), value(static_cast<long long>(v)) {}
  Field(std::string_view n, double v) : name(n), value(v) {}

  std::string_view name;
  std::variant<std::string_view, long long, double> value;
};

/// Sets level and format. Lines go to stderr from a thread of their own through a bounded queue:
/// when it is full the oldest are dropped, because nothing may wait for a terminal. Thread-safe, as
/// everything here.
void configure(const Options& options);

/// Writes what is queued; nothing may be logged after it.
void shut_down();

// What looks like an API key in a message or a value is redacted. Empty texts are left out.
void debug(std::string_view message, std::initializer_list<Field> fields);
void info(std::string_view message, std::initializer_list<Field> fields);
void warn(std::string_view message, std::initializer_list<Field> fields);
void error(std::string_view message, std::initializer_list<Field> fields);

/// One line as it would be written, without the time: for tests and for configure()'s formats.
/// Pure.
std::string line(std::string_view format, std::string_view time, std::string_view level,
                 std::string_view message, std::initializer_list<Field> fields);

}  // namespace gembal::log
