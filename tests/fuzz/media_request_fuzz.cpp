// Requests for pictures and for speech, and the links in any request.

#include "lib/openai/images.hpp"
#include "lib/openai/links.hpp"
#include "lib/openai/speech.hpp"
#include "tests/fuzz/dialect.hpp"

namespace gembal {
namespace {

void check_picture(std::string_view input) {
  gemini::ModelRules rules;
  rules.image_model = "gemini-2.5-flash-image";
  const auto call = openai::read_image_generation(input, rules);
  if (!call) return check_refusal(call.error());
  promise(call->count >= 1 && call->count <= openai::kMostPictures, "so many pictures at most");
  for (const char* model : {"gemini-2.5-flash-image", "gemini-3-pro-image"})
    check_request(openai::image_request(*call, model));
}

void check_speech(std::string_view input) {
  const auto call = openai::read_speech(input, {"gemini-2.5-flash-preview-tts", "Kore", "normal"});
  if (!call) return check_refusal(call.error());
  check_request(call->body);
}

}  // namespace

void fuzz_one(std::string_view input) {
  check_picture(input);
  check_speech(input);
  if (auto request = parse_json(input)) {
    for (const auto& link : openai::links_in(*request, "http://127.0.0.1:1/v1beta"))
      promise(!link.param.empty() && link.place != nullptr, "a link has a place");
  }
}

}  // namespace gembal
