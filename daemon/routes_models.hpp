#pragma once

#include <string_view>

#include "daemon/request.hpp"

namespace gembal::daemon {

/// Whether a native request is for the list of models, or for one of them.
bool is_about_models(std::string_view method, const Route& route);

/// GET /v1/models and /v1/models/{id}, /v1beta/models and /v1beta/models/{id}: what the pool's keys
/// can use, in the dialect of the path.
async::Task<void> list_models(RequestScope& scope);

/// One of them. False: it is not known, and nothing was answered: upstream may know it.
async::Task<bool> show_known_model(RequestScope& scope);

/// The same for OpenAI's clients, and in any case an answer.
async::Task<void> show_model(RequestScope& scope);

}  // namespace gembal::daemon
