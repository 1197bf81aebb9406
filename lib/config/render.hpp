#pragma once

#include <string>

namespace gembal::config {

/// gembal.toml.example: every setting with its default and meaning.
std::string example_file();

/// man/gembal.toml.5: the same as a manual page.
std::string manual_page();

}  // namespace gembal::config
