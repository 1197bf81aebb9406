#include "cmd/docs/shells.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd::docs {
namespace {

constexpr auto kHead =
    R"(# bash completion for gembal; made by 'gembal docs completions' from the command line itself.

# Those of the words that the current one begins.
_gembal_offer() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# What 'gembal complete' knows; what stands behind a tab explains it to other shells.
_gembal_ask() {
  local given=$cur value quoted
  [[ $cur == [\"\']* ]] && quoted=yes given=${cur:1}
  given=${given//\\/}
  while IFS=$'\t' read -r value _; do
    [[ $value == "$given"* ]] || continue
    [[ $quoted ]] || printf -v value %q "$value"
    COMPREPLY+=("$value")
  done < <("${words[0]/#\~/$HOME}" complete "$1" -- "${words[@]:1:cword-1}" 2>/dev/null)
  [[ $quoted ]] || __ltrim_colon_completions "$cur"
}

)";

constexpr auto kTail = R"(
_gembal() {
  local cur prev words cword
  _get_comp_words_by_ref -n =: cur prev words cword
  local path= commands options takes position=1 option= ended= word i
  COMPREPLY=()
  _gembal_know
  for ((i = 1; i < cword; ++i)); do
    word=${words[i]}
    if [[ $ended ]]; then
      ((++position))
    elif [[ $word == -- ]]; then
      ended=yes
    elif [[ $word == -* ]]; then
      [[ " $takes " == *" $word "* ]] || continue
      ((++i < cword)) || option=$word
    elif [[ " $commands " == *" $word "* ]]; then
      path+=${path:+ }$word
      _gembal_know
    else
      ((++position))
    fi
  done

  if [[ $option ]]; then
    _gembal_value "$option"
  elif [[ ! $ended && $cur == --*=* ]]; then
    option=${cur%%=*}
    cur=${cur#*=}
    _gembal_value "$option"
  elif [[ ! $ended && $cur == -* ]]; then
    _gembal_offer "$options"
  elif [[ $commands ]]; then
    _gembal_offer "$commands"
  else
    _gembal_argument
  fi
}

complete -F _gembal gembal
)";

std::string action(const Argument& argument) {
  switch (argument.offer) {
    case Offer::values: return "_gembal_offer " + in_quotes(join(argument.values, " "));
    case Offer::files: return "_filedir";
    case Offer::folders: return "_filedir -d";
    case Offer::variables: return "mapfile -t COMPREPLY < <(compgen -e -- \"$cur\")";
    case Offer::asked: return "_gembal_ask " + argument.asks_for;
    case Offer::nothing: break;
  }
  return "";
}

std::string all_names(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const auto& option : options) {
    const auto own = option.names();
    names.insert(names.end(), own.begin(), own.end());
  }
  return join(names, " ");
}

/// What is known of each command.
std::string knowledge(const Command& root, const std::vector<const Command*>& all) {
  std::string out = "# The words that may follow the command in $path.\n_gembal_know() {\n";
  out += "  case $path in\n";
  for (const auto* command : all) {
    const bool is_root = command == &root;
    out += "    " + in_quotes(command->path) + ")\n";
    out += "      commands=" + in_quotes(join(names_of(command->commands), " ")) + "\n";
    out += "      options=" + in_quotes(is_root ? "" : all_names(command->options)) + "\n";
    out += "      takes=" + in_quotes(is_root ? "" : names_with_value(command->options)) + " ;;\n";
  }
  out += "  esac\n";
  out += "  options+=" + in_quotes(" " + all_names(root.options)) + "\n";
  return out + "  takes+=" + in_quotes(" " + names_with_value(root.options)) + "\n}\n\n";
}

std::string values(const Command& root, const std::vector<const Command*>& all) {
  std::string out = "# A value of the option $1.\n_gembal_value() {\n  case $path/$1 in\n";
  // The program's own come last, since they may stand behind any command.
  const auto write = [&](const Command& command, const std::string& path) {
    for (const auto& option : command.options) {
      if (!option.takes_value()) continue;
      std::vector<std::string> patterns;
      for (const auto& name : option.names()) patterns.push_back(path + "/" + name);
      const auto what = action(option.argument);
      out += "    " + join(patterns, " | ") + ")" + (what.empty() ? "" : " " + what) + " ;;\n";
    }
  };
  for (const auto* command : all) {
    if (command != &root) write(*command, in_quotes(command->path));
  }
  write(root, "*");
  return out + "  esac\n}\n\n";
}

std::string arguments(const std::vector<const Command*>& all) {
  std::string out = "# An argument of the command in $path.\n_gembal_argument() {\n";
  out += "  case $path/$position in\n";
  for (const auto* command : all) {
    for (std::size_t i = 0; i < command->arguments.size(); ++i) {
      const auto& argument = command->arguments[i];
      const auto what = action(argument);
      if (what.empty()) continue;
      out += "    " + in_quotes(command->path) + "/" +
             (argument.repeats ? "*" : std::to_string(i + 1)) + ") " + what + " ;;\n";
    }
  }
  return out + "    *) [[ $cur ]] || _gembal_offer \"$options\" ;;\n  esac\n}\n";
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string names_with_value(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const auto& option : options) {
    if (!option.takes_value()) continue;
    const auto own = option.names();
    names.insert(names.end(), own.begin(), own.end());
  }
  return join(names, " ");
}

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command.name);
  return names;
}

std::string bash_completion(const Command& root) {
  const auto all = all_commands(root);
  return kHead + knowledge(root, all) + values(root, all) + arguments(all) + kTail;
}

}  // namespace gembal::cmd::docs
