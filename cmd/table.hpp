#pragma once

#include <string>
#include <vector>

namespace gembal::cmd {

/// Rows as aligned columns, the first row being the heading. Columns that are empty in every row
/// but the heading are left out.
std::string table(std::vector<std::vector<std::string>> rows, bool heading_in_bold);

}  // namespace gembal::cmd
