#include "lib/gemini/media.hpp"

#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"

namespace gembal::gemini {
namespace {

using namespace std::string_literals;

const std::string kPng = "\x89PNG\r\n\x1a\n and so on"s;
const std::string kJpeg = "\xFF\xD8\xFF\xE0 and so on"s;

TEST(MediaTest, ReadsDataUrlsHoweverTheyAreWritten) {
  const auto png = base64_encode(kPng);
  const auto spread = [&](const std::string& between) {
    auto text = png;
    for (std::size_t at = 4; at < text.size(); at += 4 + between.size()) text.insert(at, between);
    return text;
  };
  auto encoded = png;
  for (auto at = encoded.find('='); at != std::string::npos; at = encoded.find('='))
    encoded.replace(at, 1, "%3D");
  const struct {
    const char* name;
    std::string url;
    const char* type;
    std::string bytes;
  } cases[] = {
      {"as it should be", "data:image/png;base64," + png, "image/png", kPng},
      {"in capitals", "DATA:IMAGE/PNG;BASE64," + png, "image/png", kPng},
      {"with parameters", "data:image/png;name=x.png;base64," + png, "image/png", kPng},
      {"without a type", "data:;base64," + png, "image/png", kPng},
      {"with line breaks", "data:image/png;base64," + spread("\r\n"), "image/png", kPng},
      {"percent-encoded", "data:image/png;base64," + encoded, "image/png", kPng},
      {"with percent-encoded blanks", "data:image/png;base64," + spread("%20"), "image/png", kPng},
      {"without padding", "data:image/png;base64," + png.substr(0, png.find('=')), "image/png",
       kPng},
      {"padded too much", "data:image/png;base64," + png + "==", "image/png", kPng},
      {"URL-safe", "data:audio/pcm;base64,-_-_", "audio/pcm", "\xFB\xFF\xBF"s},
      {"another name of the type", "data:image/jpg;base64," + base64_encode(kJpeg), "image/jpeg",
       kJpeg},
      {"declared wrongly", "data:image/png;base64," + base64_encode(kJpeg), "image/jpeg", kJpeg},
      {"a PDF as an image", "data:image/png;base64," + base64_encode("%PDF-1.7 x"),
       "application/pdf", "%PDF-1.7 x"},
      {"text, not in base64", "data:text/plain;charset=utf-8,Hi%2C%20you", "text/plain", "Hi, you"},
      {"neither type nor base64", "data:,Hi", "text/plain", "Hi"},
      {"a text that has base64 in its name", "data:text/base64,Hi", "text/base64", "Hi"},
      {"a text about PDFs", "data:text/markdown;base64," + base64_encode("Look for %PDF- first"),
       "text/markdown", "Look for %PDF- first"},
      {"no type, but text",
       "data:;base64," + base64_encode("Gr\xC3\xBC\xC3\x9F"
                                       "e"),
       "text/plain",
       "Gr\xC3\xBC\xC3\x9F"
       "e"},
      {"sound that tells nothing", "data:audio/L16;rate=24000;base64,AAAA", "audio/L16;rate=24000",
       "\0\0\0"s},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto media = read_data_url(c.url, "p");
    if (!media) {
      ADD_FAILURE() << media.error().message;
      continue;
    }
    EXPECT_EQ(media->mime_type, c.type);
    EXPECT_EQ(media->data, base64_encode(c.bytes));
  }
}

TEST(MediaTest, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* name;
    std::string url;
    const char* message;
  } cases[] = {
      {"another URL", "https://example.com/a.png",
       "'p' must be a data URL, as in 'data:image/png;base64,...'"},
      {"no comma", "data:image/png;base64",
       "'p' must be a data URL, as in 'data:image/png;base64,...'"},
      {"no base64", "data:image/png;base64,iVBO*w0K", "'p' is not valid base64"},
      {"padding in the middle", "data:image/png;base64,iVBO=w0K", "'p' is not valid base64"},
      {"a digit too many", "data:image/png;base64,iVBOR", "'p' is not valid base64"},
      {"nothing", "data:image/png;base64,", "'p' has no data"},
      {"only padding", "data:image/png;base64,====", "'p' has no data"},
      {"text as an image", "data:image/png;base64," + base64_encode("hello there"),
       "'p' cannot be used: it is no image"},
      {"a page as an image", "data:image/webp;base64," + base64_encode("<!doctype html><p>"),
       "'p' cannot be used: it is no image"},
      {"text as a PDF", "data:application/pdf;base64," + base64_encode("hello"),
       "'p' cannot be used: it is no PDF"},
      {"SVG", "data:image/svg+xml,<svg/>",
       "'p' cannot be used: SVG is no picture that the model can see"},
      {"bytes of no known kind", "data:;base64,/wABAgME",
       "'p' cannot be used: its type is not known"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto media = read_data_url(c.url, "p");
    if (media) {
      ADD_FAILURE() << media->mime_type;
      continue;
    }
    EXPECT_EQ(media.error().kind, ErrorKind::bad_request);
    EXPECT_EQ(media.error().message, c.message);
    EXPECT_EQ(media.error().param, "p");
  }
}

TEST(MediaTest, KnowsFilesByTheirFirstBytes) {
  const auto box = [](const std::string& brand) {
    return "\0\0\0\x18"
           "ftyp"s +
           brand + "\0\0\0\0"s;
  };
  const auto riff = [](const std::string& content) { return "RIFF\x24\0\0\0"s + content; };
  const struct {
    std::string bytes;
    const char* type;
  } cases[] = {
      {kPng, "image/png"},
      {kJpeg, "image/jpeg"},
      {"GIF89a1", "image/gif"},
      {riff("WEBPVP8 "), "image/webp"},
      {box("heic"), "image/heic"},
      {box("mif1"), "image/heif"},
      {box("avif"), "image/avif"},
      {"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0"s, "image/bmp"},
      {"II*\0\x08"s, "image/tiff"},
      {"%PDF-1.4", "application/pdf"},
      {"\n\n%PDF-1.4", "application/pdf"},
      {riff("WAVEfmt "), "audio/wav"},
      {"ID3\x04", "audio/mp3"},
      {"\xFF\xFB\x90\x44", "audio/mp3"},
      {"\xFF\xF1\x50\x80", "audio/aac"},
      {"fLaC\0"s, "audio/flac"},
      {"OggS\0"s, "audio/ogg"},
      {"FORM\0\0\0\x10"
       "AIFF"s,
       "audio/aiff"},
      {box("M4A "), "audio/mp4"},
      {box("isom"), "video/mp4"},
      {box("qt  "), "video/mov"},
      {box("3gp5"), "video/3gpp"},
      {riff("AVI LIST"), "video/avi"},
      {"\x1A\x45\xDF\xA3", "video/webm"},
      {"\0\0\1\xBA"s, "video/mpeg"},
      {"FLV\1"s, "video/x-flv"},
      {"BM is a text", ""},
      {"<svg>", ""},
      {"RIFF", ""},
      {"\xFF", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(sniff_mime_type(c.bytes), c.type) << c.bytes;
}

TEST(MediaTest, ContainersAreWhatTheyAreDeclaredAsWhenThatMayBe) {
  const struct {
    const char* declared;
    std::string bytes;
    const char* type;
  } cases[] = {
      {"audio/webm", "\x1A\x45\xDF\xA3", "audio/webm"},
      {"video/ogg", "OggS\0"s, "video/ogg"},
      {"audio/opus", "OggS\0"s, "audio/ogg"},
      {"audio/mpeg", "ID3\x04", "audio/mp3"},
      {"audio/wav", "ID3\x04", "audio/mp3"},
      {"", "OggS\0"s, "audio/ogg"},
      {"audio/mp3", "raw sound", "audio/mp3"},
      {"video/mp4", "odd head", "video/mp4"},
  };
  for (const auto& c : cases) {
    const auto media = read_base64(base64_encode(c.bytes), c.declared, "p");
    ASSERT_TRUE(media) << media.error().message;
    EXPECT_EQ(media->mime_type, c.type) << c.declared;
  }
}

TEST(MediaTest, ALargeImageIsNotCopied) {
  std::string url =
      "data:image/png;base64," + base64_encode(kPng.substr(0, 9) + std::string(3'000'000, 'x'));
  const char* const memory = url.data();
  auto media = read_data_url(std::move(url), "p");
  ASSERT_TRUE(media);
  EXPECT_EQ(media->data.data(), memory);
  const auto part = inline_data(*std::move(media));
  EXPECT_EQ(part["inlineData"]["data"].get_ref<const std::string&>().data(), memory);
}

}  // namespace
}  // namespace gembal::gemini
