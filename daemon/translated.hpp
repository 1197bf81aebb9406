#pragma once

#include <functional>
#include <string>

#include "daemon/request.hpp"
#include "lib/gemini/called_model.hpp"
#include "lib/gemini/rendering.hpp"

namespace gembal::daemon {

/// A request of another dialect that becomes generateContent.
struct Translation {
  std::string model;  ///< bare id, as upstream knows it
  bool stream = false;
  std::size_t answers = 1;  ///< calls to make side by side, each with a key of its own

  /// The generateContent request for a model: `model`, or one that answers for it.
  std::function<Result<Json>(const std::string& model)> body;

  /// As the client called the model; empty where its name asks for nothing more.
  gemini::CalledModel called{};
};

/// Asks upstream and tells the client the answer as `rendering` does: whole, or event by event with
/// signs of life while nothing comes. Errors are answered in the dialect of the path, or, in a
/// stream that has begun, told by the rendering. Returns whether the client has the whole answer.
async::Task<bool> answer_translated(RequestScope& scope, Translation translation,
                                    gemini::Rendering& rendering);

}  // namespace gembal::daemon
