#pragma once

#include <variant>

#include "daemon/sandbox/answer.hpp"
#include "daemon/sandbox/context.hpp"

namespace gembal::sandbox {

/// A request that was answered: both are needed to write the reply.
struct Said {
  Ask ask;
  Answer answer;
};

/// Checks a generateContent body (from read_body()), charges the key's quota, and answers it. Takes
/// a directive's fault and delay over into `context`.
std::variant<Said, ApiError> say(Context& context, const Model& model, Json body);

}  // namespace gembal::sandbox
