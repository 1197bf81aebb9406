#include "lib/core/picture.hpp"

#include <gtest/gtest.h>

#include "lib/core/base64.hpp"

namespace gembal {
namespace {

using namespace std::string_literals;

TEST(PictureTest, KnowsPicturesByTheirFirstBytes) {
  const struct {
    const char* name;
    std::string bytes;
    const char* type;
    std::optional<PictureSize> size;
  } cases[] = {
      {"a PNG",
       *base64_decode(
           "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQImWNwav0CAALIAbzDqqRyAAAA"
           "AElFTkSuQmCC"),
       "image/png", PictureSize{1, 1}},
      {"a JPEG, its size behind the first segment",
       "\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x11\x08\x01\x00\x02\x00\x03"s, "image/jpeg",
       PictureSize{512, 256}},
      {"a JPEG that is cut short", "\xff\xd8\xff\xe0\x00\x10"s, "image/jpeg", std::nullopt},
      {"a GIF", "GIF89a\x02\x00\x01\x00\x00"s, "image/gif", PictureSize{2, 1}},
      {"a lossy WebP",
       "RIFF\x00\x00\x00\x00WEBPVP8 \x00\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\x40\x00\x20\x00"s,
       "image/webp", PictureSize{64, 32}},
      {"an extended WebP",
       "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x1f\x00\x00"s,
       "image/webp", PictureSize{64, 32}},
      {"a lossless WebP",
       "RIFF\x00\x00\x00\x00WEBPVP8L\x00\x00\x00\x00\x2f\x3f\xc0\x07\x00\x00\x00\x00\x00\x00"s,
       "image/webp", PictureSize{64, 32}},
      {"HEIC",
       "\x00\x00\x00\x18"
       "ftypheic"s,
       "image/heic", std::nullopt},
      {"AVIF",
       "\x00\x00\x00\x18"
       "ftypavif"s,
       "image/avif", std::nullopt},
      {"a film",
       "\x00\x00\x00\x18"
       "ftypisom"s,
       "", std::nullopt},
      {"a PDF", "%PDF-1.7", "", std::nullopt},
      {"words that begin like a bitmap", "BMW makes cars and motorcycles, as everybody knows.", "",
       std::nullopt},
      {"nothing", "", "", std::nullopt},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(picture_type(c.bytes), c.type);
    EXPECT_EQ(picture_size(c.bytes), c.size);
  }
}

TEST(PictureTest, ExtensionsAndTypesGoTogether) {
  EXPECT_EQ(picture_extension("image/jpeg"), "jpg");
  EXPECT_EQ(type_of_extension("jpg"), "image/jpeg");
  EXPECT_EQ(picture_extension("text/html"), "bin");
  EXPECT_EQ(type_of_extension("bin"), "");
  EXPECT_EQ(type_of_extension("html"), "");
}

}  // namespace
}  // namespace gembal
