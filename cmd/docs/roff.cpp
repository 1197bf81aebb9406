#include "cmd/docs/roff.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "lib/config/settings.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd::docs {
namespace {

constexpr std::size_t kColumns = 78;  // mandoc wants lines of at most 80

/// The character that begins `text`, which is valid UTF-8 and not ASCII, and its length in bytes.
std::pair<std::uint32_t, std::size_t> character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  std::uint32_t code = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length && i < text.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  return {code, length};
}

/// A word of prose without what stands around it: "(client.model)," is "client.model".
std::string_view bare(std::string_view word) {
  constexpr std::string_view kAround = "(),.;:'\"";
  while (!word.empty() && kAround.find(word.front()) != kAround.npos) word.remove_prefix(1);
  while (!word.empty() && kAround.find(word.back()) != kAround.npos) word.remove_suffix(1);
  return word;
}

bool is_name(std::string_view word) {
  if (word.starts_with("--") && word.size() > 2) return true;
  if (word.find('.') == word.npos) return false;
  const auto& settings = config::settings();
  return std::any_of(settings.begin(), settings.end(),
                     [&](const auto& setting) { return setting.key == word; });
}

std::string word_in_roff(std::string_view word) {
  const auto name = bare(word);
  if (!is_name(name)) return roff(word);
  const auto at = static_cast<std::size_t>(name.data() - word.data());
  return roff(word.substr(0, at)) + bold(name) + roff(word.substr(at + name.size()));
}

/// A dot or an apostrophe at a line's beginning would make a request of it.
std::string protected_line(const std::string& line) {
  return line.starts_with('.') || line.starts_with('\'') ? "\\&" + line : line;
}

}  // namespace

std::string roff(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = 1;
    switch (const char c = text.front()) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '\'': out += "\\(aq"; break;
      case '`': out += "\\(ga"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      default:
        if ((c & 0x80) == 0) {
          out += c;
          break;
        }
        const auto [code, bytes] = character(text);
        std::array<char, 16> name{};
        std::snprintf(name.data(), name.size(), "\\[u%04X]", static_cast<unsigned>(code));
        out += name.data();
        length = std::min(bytes, text.size());
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }

std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string paragraph(std::string_view text) {
  std::string out, line;
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    const auto written = word_in_roff(word);
    if (!line.empty() && line.size() + 1 + written.size() > kColumns) {
      out += protected_line(line) + "\n";
      line.clear();
    }
    line += line.empty() ? written : " " + written;
  }
  return line.empty() ? out : out + protected_line(line) + "\n";
}

std::string verbatim(std::string_view lines) {
  std::string out = ".PP\n.EX\n";
  for (const auto line : split(lines, '\n')) out += protected_line(roff(line)) + "\n";
  return out + ".EE\n";
}

}  // namespace gembal::cmd::docs
