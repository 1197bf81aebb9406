// Files inside requests: data URLs, base64, and what the first bytes of a file say it is.

#include "lib/gemini/media.hpp"

#include "lib/audio/sniff.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/picture.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

void check(const Result<gemini::Media>& media) {
  if (!media) {
    promise(media.error().kind == ErrorKind::bad_request, "what is wrong is the caller's fault");
    promise(!media.error().message.empty(), "a refusal says why");
    return;
  }
  promise(!media->mime_type.empty(), "a file has a type");
  promise(base64_decode(media->data).has_value(), "its data is base64", media->data);
}

}  // namespace

void fuzz_one(std::string_view input) {
  check(gemini::read_data_url(std::string(input), "url"));
  check(gemini::read_data_url("data:image/png;base64," + base64_encode(input), "url"));
  check(gemini::read_base64(std::string(input), "audio/wav", "data"));
  gemini::sniff_mime_type(input);
  audio::media_type_of(input);
  picture_type(input);
  if (const auto size = picture_size(input))
    promise(size->width >= 0 && size->height >= 0, "a size is one");
}

}  // namespace gembal
