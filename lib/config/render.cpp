#include "lib/config/render.hpp"

#include "lib/config/settings.hpp"

namespace gembal::config {
namespace {

/// Text that roff takes as it is.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '-') out += '\\';
    out += c == '\\' ? 'e' : c;
  }
  return out;
}

}  // namespace

std::string example_file() {
  std::string out =
      "# gembal.toml: every setting with its default. Uncomment what you change; unknown names are errors.\n"
      "# Looked for at $XDG_CONFIG_HOME/gembal/gembal.toml, then /etc/gembal/gembal.toml, or given with --config.\n"
      "# Environment variables win over this file: GEMBAL_SERVER_LISTEN for server.listen, and so on.\n";
  std::string section;
  for (const auto& setting : settings()) {
    const auto dot = setting.key.find('.');
    if (setting.key.substr(0, dot) != section) {
      section = setting.key.substr(0, dot);
      out += "\n[" + section + "]\n";
    }
    out += "# " + setting.meaning;
    if (setting.needs_restart) out += " (needs a restart)";
    if (!setting.original_name.empty())
      out += "; also " + setting.original_name + " in the environment";
    out += "\n# " + setting.key.substr(dot + 1) + " = " + setting.default_text + "\n";
  }
  return out;
}

std::string manual_page() {
  std::string out =
      ".\\\" Made from the table of settings; a test compares the two.\n"
      ".TH GEMBAL.TOML 5 \"\" gembal \"gembal manual\"\n"
      ".SH NAME\n"
      "gembal.toml \\- configuration of gembal\n"
      ".SH SYNOPSIS\n"
      ".I $XDG_CONFIG_HOME/gembal/gembal.toml\n"
      ".br\n"
      ".I /etc/gembal/gembal.toml\n"
      ".SH DESCRIPTION\n"
      "The first of these files that exists is read, or the one given with\n"
      ".BR \\-\\-config .\n"
      "It need not exist: every setting has a default. The file is TOML; a setting stands in the section before its dot.\n"
      "Unknown names, wrong types and values out of range are errors that name the line.\n"
      ".PP\n"
      "Environment variables win over the file: each setting has one\n"
      ".RB ( GEMBAL_SERVER_LISTEN\n"
      "for\n"
      ".BR server.listen ),\n"
      "and many have the name that gemini\\-balance gave them; lists are comma separated or JSON. Options on the command line win over both.\n"
      ".B gembal config show\n"
      "tells each value and where it comes from.\n"
      ".PP\n"
      "Durations are written 250ms, 30s, 5m, 1h, 7d; sizes 64KiB, 200MiB. A running daemon reads the file again on SIGHUP.\n";
  std::string section;
  for (const auto& setting : settings()) {
    const auto name = setting.key.substr(0, setting.key.find('.'));
    if (name != section) out += ".SH [" + name + "]\n";
    section = name;
    out += ".TP\n.BR " + setting.key + " \" = \" " + "\"";
    for (const char c : escaped(setting.default_text))
      out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += "\"\n" + escaped(setting.meaning);
    if (setting.needs_restart) out += " (needs a restart)";
    out += ".\n";
    if (!setting.original_name.empty())
      out += "In the environment also\n.BR " + setting.original_name + " .\n";
  }
  out +=
      ".SH EXAMPLE\n"
      ".nf\n"
      "[server]\n"
      "listen = [\"127.0.0.1:8000\", \"[::1]:8000\"]\n"
      "\n"
      "[auth]\n"
      "tokens = [\"a long random text\"]\n"
      ".fi\n"
      ".SH SEE ALSO\n"
      ".BR gembal (1)\n";
  return out;
}

}  // namespace gembal::config
