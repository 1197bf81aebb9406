#include "cmd/image_names.hpp"

#include <algorithm>

#include "lib/core/picture.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

/// Where the extension begins, with its dot; the end when there is none. A name that begins with a
/// dot has none there.
std::size_t extension_at(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? 0 : slash + 1;
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos || dot <= name ? path.size() : dot;
}

}  // namespace

std::string numbered_name(std::string_view path, int number) {
  const auto at = extension_at(path);
  return std::string(path.substr(0, at)) + "-" + std::to_string(number) +
         std::string(path.substr(at));
}

std::string name_for_type(std::string_view path, std::string_view media_type) {
  const auto at = extension_at(path);
  auto extension = lower(path.substr(std::min(at + 1, path.size())));
  if (extension == "jpeg") extension = "jpg";
  const auto named = type_of_extension(extension);
  if (named.empty() || named == media_type || picture_extension(media_type) == "bin")
    return std::string(path);
  return std::string(path.substr(0, at + 1)) + std::string(picture_extension(media_type));
}

}  // namespace gembal::cmd
