#pragma once

#include "cmd/api_access.hpp"
#include "cmd/chat/answer.hpp"
#include "cmd/chat/answer_view.hpp"

namespace gembal::cmd {

/// Asks, and shows the answer as it comes. Errors: those of ApiAccess::send(); upstream (it broke
/// off or cannot be read); io with an empty message when nobody reads what is printed.
async::Task<Result<ChatAnswer>> ask(ApiAccess& access, upstream::Call call, AnswerView& view);

}  // namespace gembal::cmd
