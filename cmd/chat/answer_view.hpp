#pragma once

#include <memory>
#include <string_view>

#include "cmd/command.hpp"

namespace gembal::cmd {

/// What a person, or a program behind a pipe, sees of an answer while it comes.
class AnswerView {
 public:
  virtual ~AnswerView() = default;
  /// False when nobody reads any more.
  virtual bool text(std::string_view text) = 0;
  virtual bool thoughts(std::string_view text) = 0;
  /// The answer has ended, whole or not.
  virtual bool end() = 0;
};

/// Markdown rendered on a terminal, the text as it is elsewhere. Thoughts go to stderr.
std::unique_ptr<AnswerView> answer_view(const Context& context);

/// Shows nothing: the answer is printed at its end.
std::unique_ptr<AnswerView> silent_view();

}  // namespace gembal::cmd
