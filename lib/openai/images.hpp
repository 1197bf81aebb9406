#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json_fwd.hpp"
#include "lib/core/result.hpp"
#include "lib/gemini/called_model.hpp"

namespace gembal::openai {

/// A picture that a client sent to be edited.
struct InputPicture {
  std::string media_type;  ///< by its first bytes, whatever the client said
  std::string_view bytes;  ///< within the request's body
};

/// A request for pictures: /v1/images/generations and /v1/images/edits.
struct ImageCall {
  gemini::CalledModel called;  ///< one of Gemini's
  std::string prompt;          ///< without the words that set numbers and shapes
  int count = 1;               ///< pictures; each is a call of its own
  std::string aspect_ratio;    ///< "16:9"; "": the model's choice
  std::string size_class;      ///< "512", "1K", "2K", "4K"; "": the model's standard
  bool wants_url = false;
  bool stream = false;
  int partial_images = 0;  ///< drafts that a stream may show

  std::string size = "auto";     ///< as it was asked for
  std::string quality = "auto";  ///< "low", "medium", "high", "auto"
  std::string output_format;     ///< "png", "jpeg", "webp"; "": any

  bool is_edit = false;
  std::vector<InputPicture> inputs;
  std::optional<InputPicture> mask;

  std::vector<std::string> warnings;  ///< what was asked for and cannot be had
};

inline constexpr int kMostPictures = 10;
inline constexpr std::size_t kLongestImagePrompt = 32'000;  ///< characters
inline constexpr std::size_t kMostInputPictures = 16;

/// Reads the body of /v1/images/generations. `rules.image_model` makes the pictures when the client
/// names no model, or one that is none of Gemini's. Errors: bad_request, with the parameter.
Result<ImageCall> read_image_generation(std::string_view json, const gemini::ModelRules& rules);

/// A file of a form.
struct FormFile {
  std::string name;        ///< of its field, as an error is to call it: "image[1]"
  std::string_view bytes;  ///< must outlive the call that is read from it
};

/// Reads the form of /v1/images/edits: `fields` has its texts by name. Errors: the same.
Result<ImageCall> read_image_edit(const Json& fields, const std::vector<FormFile>& images,
                                  const std::optional<FormFile>& mask,
                                  const gemini::ModelRules& rules);

/// The generateContent body for one picture. `model` may be another one than the call's: what it
/// cannot do is left out.
Json image_request(const ImageCall& call, std::string_view model);

/// Such a body as text, with the pictures to be edited in it: each is encoded in its place.
std::string image_request_text(const Json& request, const ImageCall& call);

}  // namespace gembal::openai
