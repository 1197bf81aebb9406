#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace gembal::config {

/// A line of a .env file.
struct DotenvVariable {
  std::string name;
  std::string value;  ///< "" also for a name without '='
  std::size_t line = 0;
};

/// Reads a .env file as python-dotenv does, by which gemini-balance reads its own: `export` before
/// a name, comments, 'single' and "double" quotes, which may hold several lines, and ${NAME} or
/// ${NAME:-other} of a variable above, but in single quotes. Of variables with one name the last
/// is there, once. `name`: what errors call the file. Pure. Errors: config, naming the line.
Result<std::vector<DotenvVariable>> parse_dotenv(std::string_view text, const std::string& name);

}  // namespace gembal::config
