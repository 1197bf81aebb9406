#pragma once

#include "daemon/translated.hpp"
#include "lib/gemini/called_model.hpp"

namespace gembal::daemon {

/// The model that a client of a translated face has called. Errors: bad_request (filtered, or no
/// such thing), naming the parameter.
Result<gemini::CalledModel> called_model(const RequestScope& scope, std::string_view name);

/// Has each request of a translation get what the model's name asks for and the operator wants.
/// `tells_sources` becomes true when the answer is to end with its sources; it and the scope must
/// outlive the translation.
void add_extras(const RequestScope& scope, Translation& translation, bool& tells_sources);

/// What upstream is asked for: a stream for a client that wants one, unless it only seems to be.
upstream::Form form_of(const RequestScope& scope, const Translation& translation);

/// Between two signs of life of a stream.
std::chrono::milliseconds heartbeat_of(const RequestScope& scope);

}  // namespace gembal::daemon
