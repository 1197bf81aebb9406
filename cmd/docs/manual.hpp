#pragma once

#include <map>
#include <string>

#include "cmd/docs/reference.hpp"

namespace gembal::cmd::docs {

/// Prose by hand, in roff, by the command's path: what no table can tell. A line `.\" options`
/// parts what stands before the options, in the place of the summary, from what stands behind them.
using Pieces = std::map<std::string, std::string>;

/// The manual, by the names of its files: gembal.1, and a page for each command of the first rank
/// with those below it.
std::map<std::string, std::string> manual_pages(const Command& root, const Pieces& pieces);

}  // namespace gembal::cmd::docs
