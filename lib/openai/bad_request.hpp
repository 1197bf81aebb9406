#pragma once

#include <string>
#include <utility>

#include "lib/core/result.hpp"

namespace gembal::openai {

/// A caller's mistake at a parameter ("messages[2].content"): what is wrong, and what to do.
inline Error bad(std::string param, std::string message) {
  Error error{ErrorKind::bad_request, std::move(message), ""};
  error.param = std::move(param);
  return error;
}

/// The same for a place that the message does not name by itself.
inline Error bad_at(std::string where, const std::string& message) {
  auto said = where + ": " + message;
  return bad(std::move(where), std::move(said));
}

}  // namespace gembal::openai
