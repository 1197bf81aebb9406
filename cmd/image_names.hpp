#pragma once

#include <string>
#include <string_view>

namespace gembal::cmd {

/// "cat.png" as "cat-2.png".
std::string numbered_name(std::string_view path, int number);

/// The name with the extension that goes with what the picture is, when it has that of another kind
/// of picture: "cat.png" of a JPEG is "cat.jpg". Other extensions, and none, stay.
std::string name_for_type(std::string_view path, std::string_view media_type);

}  // namespace gembal::cmd
