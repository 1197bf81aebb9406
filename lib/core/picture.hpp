#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal {

/// The media type of a picture by its first bytes ("image/png"; also JPEG, WebP, GIF, HEIC, AVIF,
/// BMP); "" when it is no picture that we know.
std::string_view picture_type(std::string_view bytes);

/// "png" for "image/png", "jpg" for "image/jpeg"; "bin" for what is no picture that we know.
std::string_view picture_extension(std::string_view media_type);
/// The way back; "" for an extension that picture_extension() never gives, and for "bin".
std::string_view type_of_extension(std::string_view extension);

struct PictureSize {
  int width = 0;
  int height = 0;
  bool operator==(const PictureSize&) const = default;
};

/// Width and height, from the first bytes of a PNG, JPEG, WebP or GIF: some hundred are enough but
/// for a JPEG, whose size may stand behind long metadata. nullopt when they do not tell.
std::optional<PictureSize> picture_size(std::string_view bytes);

}  // namespace gembal
