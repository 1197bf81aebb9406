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

  /// Whether the client wants to talk: tools and thoughts that the operator adds are for those.
  bool is_conversation = true;

  /// Whether pictures are told by an address, where images.upload has one for them.
  bool hosts_pictures = false;

  /// Puts what only one of the calls asks into its request; empty: all ask the same.
  std::function<void(Json& body, std::size_t call)> vary;

  /// Awaited when the rendering is complete, before the client is told; may be empty.
  std::function<async::Task<void>()> before_end{};

  /// Gives a stream up, of which the client is told; null: only its leaving does. Raised also when
  /// it leaves.
  async::Interrupt* stop = nullptr;
};

/// Asks upstream and tells the client the answer as `rendering` does: whole, or event by event with
/// signs of life while nothing comes. Errors are answered in the dialect of the path, or, in a
/// stream that has begun, told by the rendering. Returns whether the client has the whole answer.
async::Task<bool> answer_translated(RequestScope& scope, Translation translation,
                                    gemini::Rendering& rendering);

}  // namespace gembal::daemon
