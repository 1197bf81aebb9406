#pragma once

#include <optional>

#include "daemon/sandbox/errors.hpp"
#include "daemon/sandbox/models.hpp"

namespace gembal::sandbox {

/// What the real API refuses in a generateContent body (camelCase, known fields only) beyond its
/// form: missing contents, turn order, unsigned calls, values out of range, what the model cannot
/// do.
std::optional<ApiError> check_request(const Model& model, const Json& body);

/// What a model says that gives one candidate only, or, of the second generation, one in a stream.
ApiError one_candidate();

}  // namespace gembal::sandbox
