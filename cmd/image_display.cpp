#include "cmd/image_display.hpp"

#include "lib/core/base64.hpp"

namespace gembal::cmd {
namespace {

/// Kitty takes a picture in pieces of at most that many characters.
constexpr std::size_t kKittyPiece = 4096;

std::string kitty_sequence(std::string_view base64) {
  std::string out;
  out.reserve(base64.size() + base64.size() / kKittyPiece * 16 + 32);
  for (std::size_t at = 0; at < base64.size(); at += kKittyPiece) {
    const bool is_last = at + kKittyPiece >= base64.size();
    out += "\x1b_G";
    if (at == 0) out += "a=T,f=100,q=2,";  // show it; PNG; without an answer
    out += is_last ? "m=0;" : "m=1;";
    out += base64.substr(at, kKittyPiece);
    out += "\x1b\\";
  }
  return out + "\n";
}

}  // namespace

PictureProtocol picture_protocol(const std::map<std::string, std::string>& environment) {
  const auto value = [&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  const auto terminal = value("TERM"), program = value("TERM_PROGRAM");
  if (!value("TMUX").empty() || terminal.starts_with("screen") || terminal.starts_with("tmux"))
    return PictureProtocol::none;
  if (program == "iTerm.app" || program == "WezTerm") return PictureProtocol::iterm2;
  if (!value("KITTY_WINDOW_ID").empty() || terminal == "xterm-kitty" || terminal == "xterm-ghostty")
    return PictureProtocol::kitty;
  return PictureProtocol::none;
}

std::string picture_sequence(PictureProtocol protocol, std::string_view media_type,
                             std::string_view bytes) {
  switch (protocol) {
    case PictureProtocol::none: return "";
    case PictureProtocol::kitty:
      return media_type == "image/png" ? kitty_sequence(base64_encode(bytes)) : "";
    case PictureProtocol::iterm2:
      return "\x1b]1337;File=inline=1;preserveAspectRatio=1;size=" + std::to_string(bytes.size()) +
             ":" + base64_encode(bytes) + "\a\n";
  }
  return "";
}

}  // namespace gembal::cmd
