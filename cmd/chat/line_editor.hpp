#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gembal::cmd {

/// Reads lines from a terminal, with editing, a history that lasts, and completion by Tab (libedit;
/// the user's ~/.editrc counts).
class LineEditor {
 public:
  /// What may stand in the place of the word that ends at the cursor: `line` is all before it.
  using Complete = std::function<std::vector<std::string>(const std::string& line)>;

  /// `history`: a file, kept readable by its owner alone; "": none is kept.
  LineEditor(std::string history, Complete complete);
  ~LineEditor();

  enum class Ending { line, cancelled, closed };
  struct Line {
    std::string text;              ///< without its newline
    Ending ending = Ending::line;  ///< Ctrl-C throws a line away, Ctrl-D on an empty one closes
  };
  Line read(const std::string& prompt);

  /// Adds to the history what was not read line by line.
  void remember(const std::string& text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gembal::cmd
