#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/openai/images.hpp"

namespace gembal::openai {

/// A picture that a model made.
struct MadePicture {
  std::string media_type;
  std::string base64;
  std::string size;       ///< "1024x1024", as the picture itself says; "" when it does not
  std::string url;        ///< where it can be had; "" when it is sent itself
  bool is_draft = false;  ///< a thought on the way to it
};

/// Tokens, as OpenAI counts them for pictures.
struct ImageUsage {
  std::int64_t input = 0;
  std::int64_t input_text = 0;
  std::int64_t input_images = 0;
  std::int64_t output = 0;  ///< with thoughts
  std::int64_t output_images = 0;
  std::int64_t total = 0;

  ImageUsage& operator+=(const ImageUsage& other);
};

/// What one generateContent reply, or what came of its stream so far, holds.
struct MadePictures {
  std::vector<MadePicture> pictures;
  std::string words;          ///< what the model said beside them
  std::string finish_reason;  ///< "" before the end
  std::string block_reason;   ///< of the prompt; "" when it was not blocked
  std::optional<ImageUsage> usage;

  bool has_result() const;  ///< a picture that is no draft

  /// Reads one reply, or one event, into it. `room`: as parse_json() has it. Errors: upstream (not
  /// such a reply, an error object).
  Result<void> read(std::string_view body, std::size_t room = 0);
};

/// Why there is no picture, as an answer to the client.
struct ImageRefusal {
  int status = 400;
  std::string message;
  std::string code;
  std::string param;
  bool may_try_again = false;  ///< a model that made nothing may make something next time
};
ImageRefusal refusal_of(const MadePictures& made);

/// What surrounds the pictures in a reply.
struct ImageReplyFacts {
  std::int64_t created = 0;  ///< seconds since 1970
  ImageUsage usage;
  std::vector<std::string> warnings;
};

/// The reply in pieces, to be sent one after the other: pictures are moved into it, not copied.
std::vector<std::string> image_reply(const ImageCall& call, std::vector<MadePicture> pictures,
                                     const ImageReplyFacts& facts);

/// An event of a stream in pieces: a draft with its number, or the result with the usage.
std::vector<std::string> partial_image_event(const ImageCall& call, MadePicture picture, int index,
                                             std::int64_t created);
std::vector<std::string> completed_image_event(const ImageCall& call, MadePicture picture,
                                               const ImageReplyFacts& facts);

}  // namespace gembal::openai
