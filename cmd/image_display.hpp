#pragma once

#include <map>
#include <string>
#include <string_view>

namespace gembal::cmd {

/// How a terminal takes pictures.
enum class PictureProtocol {
  none,
  kitty,   ///< kitty's graphics protocol: PNG
  iterm2,  ///< iTerm2's inline images: whatever it can read
};

/// What the terminal says of itself in the environment. Within tmux and screen, which pass neither
/// on: none.
PictureProtocol picture_protocol(const std::map<std::string, std::string>& environment);

/// What shows the picture when it is written to the terminal; "" when the terminal cannot show one
/// of that type.
std::string picture_sequence(PictureProtocol protocol, std::string_view media_type,
                             std::string_view bytes);

}  // namespace gembal::cmd
