#pragma once

#include <optional>
#include <string>
#include <string_view>

// What is passed through to Google's OpenAI-compatible surface is read only as far as it must be:
// for a key to be chosen, and for errors to be understood by OpenAI's SDKs.
namespace gembal::openai {

/// What must be known of a request that is forwarded.
struct ForwardedFacts {
  std::string model;  ///< as it is named; "" when it is not
  bool streams = false;
  std::string input_file;  ///< of a batch: "files/x"; "" for none

  std::size_t model_at = 0;    ///< where the model's JSON stands in the body
  std::size_t model_size = 0;  ///< 0: nowhere
};

/// Looks at a body: JSON, or a form whose field "model" names the model. Pure. Anything may be
/// handed in: what cannot be read has no facts.
ForwardedFacts look_at_forwarded(std::string_view body);

/// The body with another model in the place of the one that `facts` found, or with one where there
/// was none.
std::string with_model(std::string_view body, const ForwardedFacts& facts, std::string_view model);

/// Events of a stream that break off with an error, and what the error says.
struct BrokenOff {
  std::string events;  ///< those before it, and the error in OpenAI's shape
  std::string message;
};

/// Looks for an error in whole events of a stream, or in what follows the last one without a frame:
/// Google writes its own kind, which no OpenAI SDK can read. nullopt when there is none.
std::optional<BrokenOff> break_off_at_error(std::string_view events);

}  // namespace gembal::openai
