#include "lib/gemini/media.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

constexpr std::size_t kSniffedBytes = 1'024;

// How a character of base64 is read. The fast pass takes only plain digits.
enum : std::uint8_t { kDigit = 0, kUrlSafe = 1, kBlank = 2, kPadding = 4, kPercent = 8, kBad = 16 };

constexpr auto make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (auto& one : classes) one = kBad;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<std::size_t>(c)] = kDigit;
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<std::size_t>(c)] = kDigit;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<std::size_t>(c)] = kDigit;
  classes['+'] = classes['/'] = kDigit;
  classes['-'] = classes['_'] = kUrlSafe;
  classes[' '] = classes['\t'] = classes['\r'] = classes['\n'] = kBlank;
  classes['='] = kPadding;
  classes['%'] = kPercent;
  return classes;
}
constexpr auto kClasses = make_classes();

/// What kinds of characters are in it, all together.
std::uint8_t classes_in(std::string_view text) {
  std::uint8_t found = 0;
  for (const char c : text) found |= kClasses[static_cast<unsigned char>(c)];
  return found;
}

/// Makes standard, padded base64 of what it is, in place. False: it is none.
bool normalize(std::string& data) {
  auto body = std::string_view(data);
  while (body.ends_with('=')) body.remove_suffix(1);
  auto found = classes_in(body);
  if (found == kDigit && data.size() % 4 == 0 && data.size() - body.size() <= 2) return true;
  if (found & kPercent) {
    data = percent_decode(data);
    found = classes_in(data);
  }
  if (found & kBlank)
    std::erase_if(data, [](char c) { return kClasses[static_cast<unsigned char>(c)] == kBlank; });
  while (!data.empty() && data.back() == '=') data.pop_back();
  if (found & kUrlSafe) {
    std::replace(data.begin(), data.end(), '-', '+');
    std::replace(data.begin(), data.end(), '_', '/');
  }
  if (classes_in(data) != kDigit || data.size() % 4 == 1) return false;
  data.append((4 - data.size() % 4) % 4, '=');
  return true;
}

Error bad(std::string_view param, std::string_view what) {
  Error error{ErrorKind::bad_request, "'" + std::string(param) + "' ", ""};
  error.message += what;
  error.param = param;
  return error;
}

/// `media.data` is base64 of a kind. Takes its type from what it is.
Result<Media> settle(Media media, std::string_view param) {
  if (!normalize(media.data)) return bad(param, "is not valid base64");
  if (media.data.empty()) return bad(param, "has no data");
  const auto start = base64_decode(std::string_view(media.data).substr(0, kSniffedBytes / 3 * 4));
  auto type = settle_mime_type(media.mime_type, start.value_or(""));
  if (!type) return bad(param, "cannot be used: " + type.error().message);
  media.mime_type = *std::move(type);
  return media;
}

}  // namespace

Json inline_data(Media media) {
  Json part;
  auto& data = part["inlineData"] = object_with_room(2);
  data["mimeType"] = std::move(media.mime_type);
  data["data"] = std::move(media.data);
  return part;
}

bool is_data_url(std::string_view text) { return iequals(text.substr(0, 5), "data:"); }

Result<Media> read_data_url(std::string url, std::string_view param) {
  const auto comma = url.find(',');
  if (!is_data_url(url) || comma == std::string::npos)
    return bad(param, "must be a data URL, as in 'data:image/png;base64,...'");
  const auto about = trim(std::string_view(url).substr(5, comma - 5));
  const auto last = trim(about.substr(about.rfind(';') + 1));
  const bool is_base64 = about.find(';') != std::string_view::npos && iequals(last, "base64");
  Media media;
  media.mime_type = about.substr(0, is_base64 ? about.rfind(';') : about.size());
  if (!is_base64 && media.mime_type.empty()) media.mime_type = "text/plain";
  if (!is_base64) {
    media.data = base64_encode(percent_decode(std::string_view(url).substr(comma + 1)));
  } else {
    url.erase(0, comma + 1);
    media.data = std::move(url);
  }
  return settle(std::move(media), param);
}

Result<Media> read_base64(std::string data, std::string_view declared, std::string_view param) {
  return settle({std::string(declared), std::move(data)}, param);
}

}  // namespace gembal::gemini
