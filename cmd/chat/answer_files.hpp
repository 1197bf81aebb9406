#pragma once

#include <string>
#include <vector>

#include "cmd/chat/answer.hpp"

namespace gembal::cmd {

/// Writes the pictures and sounds of an answer into the current folder, under names that are free
/// ("gembal-1.png"). Returns the names. Errors: io.
Result<std::vector<std::string>> save_answer_files(const ChatAnswer& answer);

}  // namespace gembal::cmd
