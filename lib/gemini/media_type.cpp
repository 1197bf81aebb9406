// What a file is, by its first bytes and by what it is said to be.

#include "lib/gemini/media.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  std::string_view type;
};
constexpr std::array kMagic = {
    Magic{"\x89PNG"sv, "image/png"},
    Magic{"\xFF\xD8\xFF"sv, "image/jpeg"},
    Magic{"GIF87a"sv, "image/gif"},
    Magic{"GIF89a"sv, "image/gif"},
    Magic{"II*\0"sv, "image/tiff"},
    Magic{"MM\0*"sv, "image/tiff"},
    Magic{"%PDF-"sv, "application/pdf"},
    Magic{"ID3"sv, "audio/mp3"},
    Magic{"fLaC"sv, "audio/flac"},
    Magic{"OggS"sv, "audio/ogg"},
    Magic{"\x1A\x45\xDF\xA3"sv, "video/webm"},
    Magic{"\0\0\1\xBA"sv, "video/mpeg"},
    Magic{"\0\0\1\xB3"sv, "video/mpeg"},
    Magic{"FLV\1"sv, "video/x-flv"},
    Magic{"\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv, "video/wmv"},
};

/// By the name of a container's content: RIFF and AIFF have it at 8, and so have ISO files.
constexpr std::array kContents = {
    Magic{"RIFFWEBP"sv, "image/webp"}, Magic{"RIFFWAVE"sv, "audio/wav"},
    Magic{"RIFFAVI "sv, "video/avi"},  Magic{"FORMAIFF"sv, "audio/aiff"},
    Magic{"FORMAIFC"sv, "audio/aiff"},
};
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kBrands = {{
    {"heic", "image/heic"},
    {"heix", "image/heic"},
    {"hevc", "image/heic"},
    {"heim", "image/heic"},
    {"heis", "image/heic"},
    {"mif1", "image/heif"},
    {"msf1", "image/heif"},
    {"avif", "image/avif"},
    {"avis", "image/avif"},
    {"M4A ", "audio/mp4"},
    {"M4B ", "audio/mp4"},
    {"qt  ", "video/mov"},
}};

/// Names that are used for what Gemini's documentation calls another.
constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kAliases = {{
    {"image/jpg", "image/jpeg"},          {"image/pjpeg", "image/jpeg"},
    {"image/x-png", "image/png"},         {"image/x-webp", "image/webp"},
    {"audio/mpeg", "audio/mp3"},          {"audio/mpeg3", "audio/mp3"},
    {"audio/x-mp3", "audio/mp3"},         {"audio/x-mpeg", "audio/mp3"},
    {"audio/x-wav", "audio/wav"},         {"audio/wave", "audio/wav"},
    {"audio/vnd.wave", "audio/wav"},      {"audio/x-flac", "audio/flac"},
    {"audio/x-aac", "audio/aac"},         {"audio/aacp", "audio/aac"},
    {"audio/x-aiff", "audio/aiff"},       {"audio/x-m4a", "audio/mp4"},
    {"audio/m4a", "audio/mp4"},           {"audio/opus", "audio/ogg"},
    {"video/quicktime", "video/mov"},     {"video/x-msvideo", "video/avi"},
    {"video/x-ms-wmv", "video/wmv"},      {"application/x-pdf", "application/pdf"},
    {"text/x-markdown", "text/markdown"}, {"application/xml", "text/xml"},
}};

bool is_text(std::string_view bytes) {
  // The end may be in the middle of a character.
  for (int cut = 0; cut < 4 && !bytes.empty() && !is_valid_utf8(bytes); ++cut)
    bytes.remove_suffix(1);
  return is_valid_utf8(bytes) && bytes.find('\0') == std::string_view::npos;
}

/// Whether the bytes, which tell `found`, may as well be what they are declared as: some containers
/// hold sound and pictures alike.
bool agrees(std::string_view declared, std::string_view found) {
  if (declared == found) return true;
  if (found == "audio/ogg") return declared == "video/ogg";
  if (found == "video/webm") return declared == "audio/webm" || declared == "video/x-matroska";
  if (found == "video/mp4") return declared == "audio/mp4" || declared == "video/3gpp";
  if (found == "image/heic" || found == "image/heif")
    return declared == "image/heic" || declared == "image/heif";
  return found == "video/mpeg" && declared == "video/mpg";
}

Error no(std::string_view what) {
  return {ErrorKind::bad_request, "it is no " + std::string(what), ""};
}

}  // namespace

std::string normal_mime_type(std::string_view declared) {
  auto type = lower(trim(declared.substr(0, declared.find(';'))));
  const auto* alias = std::find_if(kAliases.begin(), kAliases.end(),
                                   [&](const auto& one) { return one.first == type; });
  return alias == kAliases.end() ? type : std::string(alias->second);
}

std::string_view sniff_mime_type(std::string_view bytes) {
  for (const auto& magic : kMagic) {
    if (bytes.starts_with(magic.bytes)) return magic.type;
  }
  if (bytes.size() >= 12) {
    const auto content = std::string(bytes.substr(0, 4)) + std::string(bytes.substr(8, 4));
    for (const auto& one : kContents) {
      if (content == one.bytes) return one.type;
    }
    if (bytes.substr(4, 4) == "ftyp") {
      const auto brand = bytes.substr(8, 4);
      for (const auto& [name, type] : kBrands) {
        if (brand == name) return type;
      }
      return brand.starts_with("3gp") ? "video/3gpp" : "video/mp4";
    }
  }
  // Frames of MPEG audio begin with eleven bits that are set, after which the layer tells.
  if (bytes.size() >= 2 && bytes[0] == '\xFF') {
    const auto second = static_cast<unsigned char>(bytes[1]);
    if ((second & 0xF6) == 0xF0) return "audio/aac";
    if ((second & 0xE0) == 0xE0 && (second & 0x06) == 0x02) return "audio/mp3";
  }
  if (bytes.size() >= 26 && bytes.starts_with("BM") && bytes.substr(6, 4) == "\0\0\0\0"sv)
    return "image/bmp";
  // A PDF may have something before its head.
  if (bytes.substr(0, 1'024).find("%PDF-") != std::string_view::npos) return "application/pdf";
  return {};
}

Result<std::string> settle_mime_type(std::string_view declared, std::string_view bytes) {
  auto type = normal_mime_type(declared);
  const auto found = sniff_mime_type(bytes);
  // A text may well speak of a PDF.
  const bool is_plain = type.starts_with("text/") || type == "application/json";
  if (!found.empty() && !(is_plain && is_text(bytes)))
    return agrees(type, found) ? type : std::string(found);
  if (type == "image/svg+xml")
    return Error{ErrorKind::bad_request, "SVG is no picture that the model can see", ""};
  if (type.starts_with("image/")) return no("image");
  if (type == "application/pdf") return no("PDF");
  if (type.empty() || type == "application/octet-stream" || type == "binary/octet-stream") {
    if (is_text(bytes)) return std::string("text/plain");
    return Error{ErrorKind::bad_request, "its type is not known", "say it: 'image/png'"};
  }
  // Of raw samples the parameters tell how many there are.
  if (type == "audio/l16" || type == "audio/pcm") return std::string(trim(declared));
  return type;
}

}  // namespace gembal::gemini
