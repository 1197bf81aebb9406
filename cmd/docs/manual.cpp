#include "cmd/docs/manual.hpp"

#include <algorithm>

#include "cmd/docs/roff.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd::docs {
namespace {

constexpr auto kDate = "2026-11-25";  // of the release that the manual is about
constexpr std::string_view kBehindOptions = ".\\\" options\n";

/// A piece of prose in its two parts.
struct Prose {
  std::string before;
  std::string behind;
};

Prose prose_for(const Command& command, const Pieces& pieces) {
  const auto found = pieces.find(command.path);
  if (found == pieces.end()) return {};
  const auto& text = found->second;
  const auto at = text.find(kBehindOptions);
  if (at == text.npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + kBehindOptions.size())};
}

/// What help prints below the options, in its two parts.
struct Footer {
  std::string notes;     ///< in roff
  std::string examples;  ///< the lines, without their margin
};

Footer read_footer(const std::string& text) {
  Footer footer;
  std::string block;  // of lines with a margin
  bool in_examples = false;
  const auto end_block = [&] {
    while (block.ends_with('\n')) block.pop_back();
    if (block.empty()) return;
    if (in_examples)
      footer.examples += block + "\n";
    else
      footer.notes += verbatim(block);
    block.clear();
  };
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("  ")) {
      block += std::string(line.substr(2)) + "\n";
      continue;
    }
    if (line.empty()) {
      if (!block.empty()) block += "\n";
      continue;
    }
    end_block();
    in_examples = line == "Examples:";
    if (!in_examples) footer.notes += ".PP\n" + paragraph(line);
  }
  end_block();
  return footer;
}

std::string sentence(const std::string& text) {
  if (text.empty() || text.ends_with('.') || text.ends_with('?')) return text;
  return text + ".";
}

/// "One of a, b or c.", unless the description says so itself.
std::string values_of(const Argument& argument, const std::string& description) {
  if (argument.values.empty()) return "";
  const bool are_named =
      std::all_of(argument.values.begin(), argument.values.end(),
                  [&](const auto& value) { return description.find(value) != std::string::npos; });
  if (are_named) return "";
  std::string text = " One of ";
  for (std::size_t i = 0; i < argument.values.size(); ++i) {
    if (i > 0) text += i + 1 == argument.values.size() ? " or " : ", ";
    text += argument.values[i];
  }
  return text + ".";
}

std::string described(const Argument& argument, const std::string& description) {
  return paragraph(sentence(description) + values_of(argument, description));
}

std::string meaning_of(const Option& option) {
  const bool says_so = option.description.find("repeated") != std::string::npos;
  return option.description + (option.argument.repeats && !says_so ? "; may be repeated" : "");
}

std::string entry(const Option& option) {
  std::string names;
  for (const auto& name : option.names()) names += (names.empty() ? "" : ", ") + bold(name);
  if (option.takes_value()) names += " " + italic(option.argument.name);
  return ".TP\n" + names + "\n" + described(option.argument, meaning_of(option));
}

/// The arguments and options of a command, each with what it means.
std::string entries(const Command& command) {
  std::string out;
  for (const auto& argument : command.arguments) {
    if (argument.description.empty()) continue;
    out += ".TP\n" + italic(argument.name) + "\n" + described(argument, argument.description);
  }
  for (const auto& option : command.options) out += entry(option);
  return out;
}

/// "gembal keys add [options] [KEY ...]"
std::string synopsis(const Command& command) {
  std::string out = bold(command.path.empty() ? "gembal" : "gembal " + command.path);
  if (!command.options.empty() || !command.commands.empty()) out += " [" + italic("options") + "]";
  if (!command.commands.empty()) out += " " + italic("command") + " [" + italic("arguments") + "]";
  for (const auto& argument : command.arguments) {
    std::string text = italic(argument.name);
    if (argument.repeats) text += " ...";
    out += argument.required ? " " + text : " [" + text + "]";
  }
  return out + "\n";
}

std::string description(const Command& command, const Prose& prose) {
  return (prose.before.empty() ? paragraph(sentence(command.summary)) : prose.before) +
         read_footer(command.footer).notes;
}

std::string page_name(const Command& command) {
  return command.path.empty() ? "gembal" : "gembal-" + command.name;
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string reference_to(const Command& command) {
  return ".BR " + roff(page_name(command)) + " (1)";
}

std::string heading(const Command& command) {
  auto summary = command.summary;
  // A name's meaning is no sentence.
  if (command.path.empty()) summary = "many Gemini API keys behind one address";
  if (!summary.empty() && summary.size() > 1 && (summary[1] < 'A' || summary[1] > 'Z'))
    summary.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(summary.front())));
  return ".\\\" Made by 'gembal docs man' from the command line itself and man/pieces.\n.TH " +
         roff(upper(page_name(command))) + " 1 " + kDate + " gembal \"gembal manual\"\n.SH NAME\n" +
         roff(page_name(command)) + " \\- " + roff(summary) + "\n.SH SYNOPSIS\n" +
         synopsis(command);
}

std::string examples_of(const std::vector<const Command*>& commands) {
  std::string lines;
  for (const auto* command : commands) lines += read_footer(command->footer).examples;
  while (lines.ends_with('\n')) lines.pop_back();
  return lines.empty() ? "" : ".SH EXAMPLES\n" + verbatim(lines).substr(4);
}

/// A command below the page's own.
std::string section(const Command& command, const Pieces& pieces) {
  std::string out;
  if (command.commands.empty()) {
    const auto prose = prose_for(command, pieces);
    out += ".SS " + roff(command.path) + "\n" + synopsis(command) + ".PP\n" +
           description(command, prose) + entries(command) + prose.behind;
  }
  for (const auto& below : command.commands) out += section(below, pieces);
  return out;
}

std::string page(const Command& command, const Pieces& pieces) {
  const auto prose = prose_for(command, pieces);
  std::string out = heading(command) + ".SH DESCRIPTION\n" + description(command, prose) +
                    ".SH OPTIONS\nAll commands have the options in\n.BR gembal (1),\n"
                    "which also has the exit statuses and the files.\n" +
                    entries(command);
  if (!command.commands.empty()) {
    out += ".SH COMMANDS\n";
    for (const auto& below : command.commands) out += section(below, pieces);
  }
  return out + prose.behind + examples_of(all_commands(command)) +
         ".SH SEE ALSO\n.BR gembal (1),\n.BR gembal.toml (5)\n";
}

std::string overview(const Command& root, const Pieces& pieces) {
  const auto prose = prose_for(root, pieces);
  std::string out = heading(root) + ".SH DESCRIPTION\n" + description(root, prose) +
                    ".SH OPTIONS\nThese stand before or after the command.\n" + entries(root) +
                    ".SH COMMANDS\n";
  for (const auto& command : root.commands)
    out += ".TP\n" + reference_to(command) + "\n" + paragraph(sentence(command.summary));
  out += prose.behind + examples_of({&root}) + ".SH SEE ALSO\n";
  for (const auto& command : root.commands) out += reference_to(command) + ",\n";
  return out + ".BR gembal.toml (5)\n";
}

}  // namespace

std::map<std::string, std::string> manual_pages(const Command& root, const Pieces& pieces) {
  std::map<std::string, std::string> pages = {{"gembal.1", overview(root, pieces)}};
  for (const auto& command : root.commands)
    pages[page_name(command) + ".1"] = page(command, pieces);
  return pages;
}

}  // namespace gembal::cmd::docs
