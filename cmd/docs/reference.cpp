#include "cmd/docs/reference.hpp"

#include <algorithm>
#include <string_view>

#include "lib/core/text.hpp"

namespace gembal::cmd::docs {
namespace {

/// What a type's or an option's name says about the values, where no check in the parser does. The
/// first line that fits is taken.
struct Meaning {
  std::string_view command;  ///< the beginning of its path
  std::string_view name;     ///< "FILE", "--role"
  Offer offer;
  std::string_view what = "";  ///< what is asked for; the values, with blanks between them
};

constexpr Meaning kMeanings[] = {
    {"keys add", "KEY", Offer::nothing},  // no key that is there already
    {"keys", "KEY", Offer::asked, "keys"},
    {"keys list", "COLUMN", Offer::values,
     "id label project tier status failures requests tokens used"},
    {"logs", "KEY", Offer::asked, "keys"},
    {"store", "FROM", Offer::files},
    {"store", "TO", Offer::files},
    {"config", "KEY", Offer::asked, "settings"},
    {"chat", "--role", Offer::asked, "roles"},
    {"chat", "--session", Offer::asked, "sessions"},
    {"chat", "--thinking", Offer::values, "off minimal low medium high"},
    {"embed", "--format", Offer::values, "jsonl json csv npy base64"},
    {"embed", "--task-type", Offer::values,
     "retrieval-query retrieval-document semantic-similarity classification clustering "
     "question-answering fact-verification code-retrieval-query"},
    {"image", "--size", Offer::values, "512 1K 2K 4K"},
    {"", "MODEL", Offer::asked, "models"},
    {"", "VAR", Offer::variables},
    {"", "DIR", Offer::folders},
    {"", "FILE", Offer::files},
    {"", "PATH", Offer::files},
};

/// Whether a type's name has this word in it: "PATH|URL" has PATH.
bool has_word(std::string_view type, std::string_view word) {
  const auto words = split(type, '|');
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// "--role" as CLI11 keeps it; "" for the name of a type.
std::string bare(std::string_view name) {
  return name.starts_with("--") ? std::string(name.substr(2)) : "";
}

/// The descriptions of an option's checks. CLI11 2.1 tells neither how many there are nor, without
/// throwing, that there is no further one.
std::vector<std::string> checks_of(CLI::Option& option) {
  std::vector<std::string> found;
  try {
    for (int i = 0;; ++i) {
      const auto text = option.get_validator(i)->get_description();
      if (!text.empty()) found.push_back(text);
    }
  } catch (const CLI::OptionNotFound&) {
    return found;
  }
}

Argument argument_of(CLI::Option& option, const std::string& path) {
  Argument argument;
  argument.name = option.get_type_name();
  for (const auto& check : checks_of(option)) {
    // CLI11 writes the checks behind the type, and a set of values as "{a,b}".
    if (argument.name.ends_with(":" + check))
      argument.name.resize(argument.name.size() - check.size() - 1);
    if (check.starts_with('{') && check.ends_with('}')) {
      for (const auto value : split(std::string_view(check).substr(1, check.size() - 2), ','))
        argument.values.emplace_back(value);
    }
  }
  argument.required = option.get_required();
  argument.repeats = option.get_items_expected_max() >= CLI::detail::expected_max_vector_size;
  if (!argument.values.empty()) {
    argument.offer = Offer::values;
    return argument;
  }
  for (const auto& meaning : kMeanings) {
    if (!path.starts_with(meaning.command)) continue;
    if (!has_word(argument.name, meaning.name) && !option.check_lname(bare(meaning.name))) continue;
    argument.offer = meaning.offer;
    if (meaning.offer == Offer::asked) argument.asks_for = meaning.what;
    if (meaning.offer == Offer::values) {
      for (const auto value : split(meaning.what, ' ')) argument.values.emplace_back(value);
    }
    break;
  }
  return argument;
}

Option option_of(CLI::Option& option, const std::string& path) {
  Option described;
  for (const auto& name : option.get_snames()) described.short_names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) described.long_names.push_back("--" + name);
  described.description = option.get_description();
  if (option.get_items_expected_max() > 0) described.argument = argument_of(option, path);
  return described;
}

/// CLI11 gives each new command the footer of the one above it, for its help.
std::string own_footer(const CLI::App& app) {
  const auto* above = app.get_parent();
  return above && above->get_footer() == app.get_footer() ? "" : app.get_footer();
}

Command command_of(CLI::App& app, const std::string& path) {
  Command command{path, app.get_name(), app.get_description(), own_footer(app), {}, {}, {}};
  for (auto* option : app.get_options({})) {
    if (option->get_group().empty()) continue;
    if (option == app.get_help_ptr() && !path.empty()) continue;
    if (option->nonpositional()) command.options.push_back(option_of(*option, path));
    if (option->get_positional()) {
      auto argument = argument_of(*option, path);
      argument.description = option->get_description();
      command.arguments.push_back(std::move(argument));
    }
  }
  for (auto* below : app.get_subcommands([](CLI::App*) { return true; })) {
    if (below->get_group().empty() || below->get_name().empty()) continue;
    command.commands.push_back(
        command_of(*below, path.empty() ? below->get_name() : path + " " + below->get_name()));
  }
  return command;
}

/// A type's name means the same in all commands below one: where one of them checks for a set of
/// values, the others take the same ones.
void share_values(Command& top) {
  std::vector<Argument*> arguments;
  const auto collect = [&](auto&& self, Command& command) -> void {
    for (auto& option : command.options) arguments.push_back(&option.argument);
    for (auto& argument : command.arguments) arguments.push_back(&argument);
    for (auto& below : command.commands) self(self, below);
  };
  collect(collect, top);
  for (auto* argument : arguments) {
    if (argument->offer != Offer::nothing || argument->name.empty()) continue;
    const auto known = std::find_if(arguments.begin(), arguments.end(), [&](const Argument* other) {
      return other->name == argument->name && other->offer == Offer::values;
    });
    if (known == arguments.end()) continue;
    argument->offer = Offer::values;
    argument->values = (*known)->values;
  }
}

}  // namespace

std::vector<std::string> Option::names() const {
  auto all = short_names;
  all.insert(all.end(), long_names.begin(), long_names.end());
  return all;
}

Command describe(CLI::App& app) {
  auto root = command_of(app, "");
  for (auto& command : root.commands) share_values(command);
  return root;
}

std::vector<const Command*> all_commands(const Command& root) {
  std::vector<const Command*> all = {&root};
  for (const auto& command : root.commands) {
    const auto below = all_commands(command);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

}  // namespace gembal::cmd::docs
