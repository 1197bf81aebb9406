#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace gembal {

/// What went wrong, as code sees it. Nothing decides by the text of a message.
enum class ErrorKind {
  internal,       ///< a fault of gembal's own
  usage,          ///< a wrong option or argument
  config,         ///< a setting is unknown, of the wrong type or out of range
  bad_request,    ///< the caller's request cannot be served as it is
  unauthorized,   ///< a client token is missing or wrong
  forbidden,      ///< the token may not do that
  not_found,      ///< the named thing does not exist
  too_large,      ///< over a configured limit
  unsupported,    ///< a method or feature that this address does not offer
  io,             ///< a file or socket on this machine
  store,          ///< the key store cannot be opened, read or written
  no_usable_key,  ///< the pool is empty, or every key is disabled
  keys_waiting,   ///< every usable key is cooling or exhausted: Error::retry_after tells for how
                  ///< long
  upstream,       ///< the upstream could not be reached, or broke off
  proxy,          ///< the configured proxy could not be gone through: upstream was not asked
  timeout,        ///< a deadline passed
  cancelled,      ///< the caller left, or the daemon stops
  refused,        ///< the answer was blocked (safety, prompt)
};

/// The name of a kind as `--json` prints it ("no_usable_key").
const char* to_string(ErrorKind kind);

/// A failure on its way to whoever reports it: one sentence, and at most one hint that says what to
/// do.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  ///< without a full stop or a trailing newline; never holds a key or token
  std::string hint;     ///< empty: none
  std::optional<std::chrono::milliseconds> retry_after{};  ///< for keys_waiting
  std::string param{};  ///< of a bad_request: the parameter at fault ("messages[2].content"); or ""

  /// The same error with what was being done put before its message: "adding keys: ...".
  Error in(std::string_view doing) && {
    message = std::string(doing) + ": " + message;
    return std::move(*this);
  }
};

/// A value, or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() & { return std::get<0>(content_); }
  const T& operator*() const& { return std::get<0>(content_); }
  T operator*() && {
    return std::get<0>(std::move(content_));
  }  // by value: safe in `for (x : *f())`
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }

  Error& error() & { return std::get<1>(content_); }
  const Error& error() const& { return std::get<1>(content_); }
  Error&& error() && { return std::get<1>(std::move(content_)); }

 private:
  std::variant<T, Error> content_;
};

/// Success without a value, or an error: `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace gembal
