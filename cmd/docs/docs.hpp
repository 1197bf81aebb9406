#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "cmd/docs/manual.hpp"
#include "lib/core/result.hpp"

namespace gembal::cmd::docs {

/// Files by name.
using Files = std::map<std::string, std::string>;

/// The files of a folder of pieces: "keys-add.man" is about "keys add", "gembal.man" about the
/// program itself. Errors: io; usage (a piece is about no command).
Result<Pieces> read_pieces(const std::filesystem::path& folder, const Command& root);

/// The completions, as packages call their files.
Files completion_files(const Command& root);

}  // namespace gembal::cmd::docs
