#pragma once

#include <string>
#include <string_view>

namespace gembal::cmd::docs {

/// Text that roff prints as it is: what it would take for itself is escaped.
std::string roff(std::string_view text);
std::string bold(std::string_view text);
std::string italic(std::string_view text);

/// Prose, in lines that no roff complains about. Names of settings and of options are bold.
std::string paragraph(std::string_view text);

/// Lines as they are, for examples.
std::string verbatim(std::string_view lines);

}  // namespace gembal::cmd::docs
