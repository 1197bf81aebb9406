#include "cmd/docs/shells.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd::docs {
namespace {

constexpr auto kHead =
    R"(# fish completion for gembal; made by 'gembal docs completions' from the command line itself.

# Whether the command line is at the command ARGV[2..], and, unless ARGV[1] is 'any', at this argument of it.
function __gembal_at
    set -l words (commandline -opc)
    set -l path
    set -l position 1
    set -l takes (__gembal_takes)
    set -e words[1]
    while set -q words[1]
        set -l word $words[1]
        set -e words[1]
        if test "$word" = --
            set position (math $position + (count $words))
            break
        else if string match -q -- '-*' $word
            contains -- $word $takes; and set -e words[1]
        else if contains -- (string join ' ' $path $word) $__gembal_paths
            set -a path $word
            set takes (__gembal_takes $path)
        else
            set position (math $position + 1)
        end
    end
    test "$path" = "$argv[2..]"; and contains -- $argv[1] any $position
end

# What 'gembal complete' knows: each with an explanation behind a tab.
function __gembal_ask
    set -l words (commandline -opc)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    $program complete $argv[1] -- $words[2..] 2>/dev/null
end

)";

std::string in_fish_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// The flags of `complete` that say what an argument may be.
std::string action(const Argument& argument) {
  switch (argument.offer) {
    case Offer::values: return " -a " + in_fish_quotes(join(argument.values, " "));
    case Offer::files: return " -F";
    case Offer::folders: return " -a '(__fish_complete_directories)'";
    case Offer::variables: return " -a '(set -xn)'";
    case Offer::asked: return " -k -a '(__gembal_ask " + argument.asks_for + ")'";
    case Offer::nothing: break;
  }
  return "";
}

std::string condition(const Command& command, const std::string& position) {
  if (command.path.empty()) return " -n '__gembal_at " + position + "'";
  return " -n '__gembal_at " + position + " " + command.path + "'";
}

std::string lines_of(const Command& command) {
  std::string out;
  for (const auto& option : command.options) {
    out += "complete -c gembal";
    // The program's own may stand anywhere.
    if (!command.path.empty()) out += condition(command, "any");
    for (const auto& name : option.short_names) out += " -s " + name.substr(1);
    for (const auto& name : option.long_names) out += " -l " + name.substr(2);
    if (option.takes_value())
      out += (option.argument.offer == Offer::files ? " -r" : " -x") + action(option.argument);
    out += " -d " + in_fish_quotes(option.description) + "\n";
  }
  for (const auto& below : command.commands) {
    out += "complete -c gembal" + condition(command, "any") + " -a " + below.name + " -d " +
           in_fish_quotes(below.summary) + "\n";
  }
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const auto& argument = command.arguments[i];
    if (argument.offer == Offer::nothing) continue;
    out += "complete -c gembal" +
           condition(command, argument.repeats ? "any" : std::to_string(i + 1)) + action(argument) +
           "\n";
  }
  return out.empty() ? out : out + "\n";
}

}  // namespace

std::string fish_completion(const Command& root) {
  const auto all = all_commands(root);
  std::string out = kHead;
  out += "set -g __gembal_paths";
  for (const auto* command : all) {
    if (command != &root) out += " " + in_fish_quotes(command->path);
  }
  out += "\n\n# The options that take a value, of the program and of the command in ARGV.\n";
  out += "function __gembal_takes\n    string split ' ' -- ";
  out += in_fish_quotes(names_with_value(root.options)) + "\n    switch \"$argv\"\n";
  for (const auto* command : all) {
    const auto names = names_with_value(command->options);
    if (command == &root || names.empty()) continue;
    out += "        case " + in_fish_quotes(command->path) + "\n            string split ' ' -- " +
           in_fish_quotes(names) + "\n";
  }
  out += "    end\nend\n\ncomplete -c gembal -f\n";
  for (const auto* command : all) out += lines_of(*command);
  out.pop_back();
  return out;
}

}  // namespace gembal::cmd::docs
