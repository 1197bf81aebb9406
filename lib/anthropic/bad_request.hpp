#pragma once

#include <string>
#include <utility>

#include "lib/core/result.hpp"

namespace gembal::anthropic {

/// A caller's mistake at a place in the request, written as Anthropic writes it
/// ("messages.2.content.0"): what is wrong, and what to do.
inline Error bad_at(std::string where, const std::string& message) {
  Error error{ErrorKind::bad_request, where + ": " + message, ""};
  error.param = std::move(where);
  return error;
}

}  // namespace gembal::anthropic
