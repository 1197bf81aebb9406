#include "cmd/table.hpp"

#include <algorithm>
#include <cstddef>

#include "lib/core/grapheme.hpp"

namespace gembal::cmd {
std::string table(std::vector<std::vector<std::string>> rows, bool heading_in_bold) {
  if (rows.empty()) return "";
  const auto columns = rows.front().size();
  std::vector<std::size_t> widths(columns, 0);
  std::vector<bool> used(columns, rows.size() == 1);
  std::vector<std::size_t> cells;  // the width of each, row by row
  cells.reserve(rows.size() * columns);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns && i < row.size(); ++i) {
      cells.push_back(display_width(row[i]));
      widths[i] = std::max(widths[i], cells.back());
      if (&row != &rows.front() && !row[i].empty()) used[i] = true;
    }
  }
  std::string out;
  auto cell = cells.begin();
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < columns && i < row.size(); ++i) {
      const auto width = *cell++;
      if (used[i]) line.append(row[i]).append(widths[i] - width + 2, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    const bool bold = heading_in_bold && &row == &rows.front();
    out += bold ? "\x1b[1m" + line + "\x1b[0m\n" : line + "\n";
  }
  return out;
}

}  // namespace gembal::cmd
