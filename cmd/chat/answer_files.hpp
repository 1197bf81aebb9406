#pragma once

#include <string>
#include <vector>

#include "cmd/chat/answer.hpp"
#include "cmd/image_display.hpp"

namespace gembal::cmd {

/// Writes the pictures and sounds of an answer into the current folder, under names that are free
/// ("gembal-1.png"). Returns the names. Errors: io.
Result<std::vector<std::string>> save_answer_files(const ChatAnswer& answer);

/// What shows the answer's pictures when it is written to the terminal; "" when there are none that
/// it can show.
std::string answer_pictures(const ChatAnswer& answer, PictureProtocol protocol);

}  // namespace gembal::cmd
