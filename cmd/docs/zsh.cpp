#include <algorithm>

#include "cmd/docs/shells.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd::docs {
namespace {

constexpr auto kHead = R"zsh(#compdef gembal
# zsh completion for gembal; made by 'gembal docs completions' from the command line itself.

# What 'gembal complete' knows: each with an explanation behind a tab.
_gembal_ask() {
  local -a found
  local line program=${(Q)gembal_words[1]/#\~/$HOME}
  for line in ${(f)"$($program complete $1 -- ${(@Q)gembal_words[2,-1]} 2>/dev/null)"}; do
    found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe -V -t $1 $1 found
}

)zsh";

// The file is the function's own body when it is first wanted, so nothing may be left to its scope.
constexpr auto kMain = R"zsh(_gembal() {
  # What follows narrows the words down; what is asked has to know all of them.
  local -a gembal_words=("${(@)words[1,CURRENT-1]}")
  local -a gembal_global=(
)zsh";

constexpr auto kTail = R"zsh(  )
  _gembal_command
}

if [[ $funcstack[1] == _gembal ]]; then
  _gembal "$@"
else
  compdef _gembal gembal
fi
)zsh";

/// Text inside a spec of _arguments or _describe.
std::string in_spec(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string action(const Argument& argument) {
  switch (argument.offer) {
    case Offer::values: return "(" + join(argument.values, " ") + ")";
    case Offer::files: return "_files";
    case Offer::folders: return "_files -/";
    case Offer::variables: return "_parameters -g '*export*'";
    // The blank keeps _arguments from putting words of its own before what is asked for.
    case Offer::asked: return " _gembal_ask " + argument.asks_for;
    case Offer::nothing: break;
  }
  return " ";
}

std::string option_specs(const Option& option) {
  const auto names = option.names();
  std::string others = option.argument.repeats ? "*" : "";
  if (!option.argument.repeats && names.size() > 1) others = "(" + join(names, " ") + ")";
  std::string out;
  for (const auto& name : names) {
    std::string spec = others + name;
    if (option.takes_value()) spec += name.starts_with("--") ? "=" : "+";
    spec += "[" + in_spec(option.description) + "]";
    if (option.takes_value())
      spec += ":" + in_spec(option.argument.name) + ":" + action(option.argument);
    out += "    " + in_quotes(spec) + "\n";
  }
  return out;
}

std::string argument_specs(const Command& command) {
  std::string out;
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const auto& argument = command.arguments[i];
    std::string spec = argument.repeats ? "*" : std::to_string(i + 1);
    spec += argument.repeats || argument.required ? ":" : "::";
    out += "    " + in_quotes(spec + in_spec(argument.name) + ":" + action(argument)) + "\n";
  }
  return out;
}

std::string function_name(const Command& command) {
  std::string name = command.path.empty() ? "_gembal_command" : "_gembal_command_" + command.path;
  std::replace(name.begin(), name.end(), ' ', '_');
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string function(const Command& command) {
  std::string out = function_name(command) + "() {\n";
  const bool is_root = command.path.empty();
  if (!is_root) {
    out += "  local -a own=(\n";
    for (const auto& option : command.options) out += option_specs(option);
    out += argument_specs(command) + "  )\n";
  }
  const std::string specs = is_root ? "$gembal_global" : "$own $gembal_global";
  if (command.commands.empty()) return out + "  _arguments -s -S " + specs + "\n}\n\n";

  out += "  local curcontext=$curcontext state state_descr line\n  local -A opt_args\n";
  out +=
      "  _arguments -s -S -C " + specs + " '(-)1:command:->command' '(-)*::argument:->argument'\n";
  out += "  case $state in\n    command)\n      local -a commands=(\n";
  for (const auto& below : command.commands)
    out += "        " + in_quotes(in_spec(below.name) + ":" + in_spec(below.summary)) + "\n";
  out += "      )\n      _describe -t commands command commands\n      ;;\n";
  out += "    argument)\n      curcontext=${curcontext%:*:*}:gembal-$words[1]:\n";
  out += "      case $words[1] in\n";
  for (const auto& below : command.commands)
    out += "        " + below.name + ") " + function_name(below) + " ;;\n";
  return out + "      esac\n      ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const Command& root) {
  std::string out = kHead;
  for (const auto* command : all_commands(root)) out += function(*command);
  out += kMain;
  for (const auto& option : root.options) out += option_specs(option);
  return out + kTail;
}

}  // namespace gembal::cmd::docs
