#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace gembal::cmd::docs {

/// What a shell can offer in the place of an argument.
enum class Offer {
  nothing,
  values,  ///< one of a fixed set
  files,
  folders,
  variables,  ///< names of environment variables
  asked,      ///< what `gembal complete NAME` prints
};

struct Argument {
  std::string name;         ///< "FILE"; "" for a flag's, which has none
  std::string description;  ///< of a positional argument
  Offer offer = Offer::nothing;
  std::vector<std::string> values;  ///< of Offer::values
  std::string asks_for;             ///< of Offer::asked: "keys"
  bool required = false;
  bool repeats = false;
};

struct Option {
  std::vector<std::string> short_names;  ///< "-m"
  std::vector<std::string> long_names;   ///< "--model"
  std::string description;
  Argument argument;

  bool takes_value() const { return !argument.name.empty(); }
  std::vector<std::string> names() const;  ///< the short ones first
};

struct Command {
  std::string path;  ///< "keys add"; "" for the program itself
  std::string name;  ///< "add"
  std::string summary;
  std::string footer;           ///< as help prints it: prose, then "Examples:" and lines of them
  std::vector<Option> options;  ///< of its own; help is among the program's
  std::vector<Argument> arguments;
  std::vector<Command> commands;
};

/// The command line as data, for all who write about it. What is hidden from help is not in it.
Command describe(CLI::App& app);

/// A command and all below it, in the order of help.
std::vector<const Command*> all_commands(const Command& root);

}  // namespace gembal::cmd::docs
