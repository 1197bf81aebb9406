// A store's way from one database into another: rows as texts and numbers, whatever the tables are.

#include "lib/store/transfer.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <stdexcept>

#include "lib/store/database.hpp"

namespace gembal::store {
namespace {

/// Every table but those that say what schema this is. A new one needs a line here, and a test
/// compares the two.
constexpr const char* kTables[] = {
    "counters",     "own_values",   "settings",    "client_tokens", "api_keys",
    "quota_states", "quota_limits", "usage_hours", "objects",       "kept",
    "request_log",  "error_log",    "traffic",
};
constexpr std::string_view kCounters = "counters";  // made with rows of its own

std::int64_t count_rows(soci::session& sql, const std::string& table) {
  long long rows = 0;
  sql << "SELECT count(*) FROM " + table, soci::into(rows);
  return rows;
}

std::vector<TableSize> count_all(soci::session& sql) {
  std::vector<TableSize> sizes;
  for (const auto* table : kTables) sizes.push_back({table, count_rows(sql, table)});
  return sizes;
}

/// One value of a row, and the number or the text that a statement is bound to.
struct Cell {
  std::string column;
  bool is_text = false;
  std::string text;
  long long number = 0;
};

void read_cell(const soci::row& row, std::size_t index, Cell& cell) {
  switch (row.get_properties(index).get_data_type()) {
    case soci::dt_string: cell.text = row.get<std::string>(index); break;
    case soci::dt_integer: cell.number = row.get<int>(index); break;
    case soci::dt_long_long: cell.number = row.get<long long>(index); break;
    case soci::dt_unsigned_long_long:
      cell.number = static_cast<long long>(row.get<unsigned long long>(index));
      break;
    default: throw std::logic_error("a column has a type that no table of gembal's has");
  }
}

/// Takes rows as they come from a table, and puts them into the other one.
class RowWriter {
 public:
  RowWriter(soci::session& sql, std::string table) : sql_(sql), table_(std::move(table)) {}

  void put(const soci::row& row) {
    if (!insert_) prepare(row);
    for (std::size_t i = 0; i < cells_.size(); ++i) read_cell(row, i, cells_[i]);
    insert_->execute(true);
  }

 private:
  void prepare(const soci::row& row) {
    std::string columns, values;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto& properties = row.get_properties(i);
      cells_.push_back({properties.get_name(), properties.get_data_type() == soci::dt_string});
      columns += (i > 0 ? ", " : "") + cells_.back().column;
      values += (i > 0 ? ", :v" : ":v") + std::to_string(i);
    }
    insert_.emplace(sql_);
    for (auto& cell : cells_) {
      if (cell.is_text) {
        insert_->exchange(soci::use(cell.text));
      } else {
        insert_->exchange(soci::use(cell.number));
      }
    }
    insert_->alloc();
    insert_->prepare("INSERT INTO " + table_ + " (" + columns + ") VALUES (" + values + ")");
    insert_->define_and_bind();
  }

  soci::session& sql_;
  const std::string table_;
  std::deque<Cell> cells_;  // the statement is bound to them: they must not move
  std::optional<soci::statement> insert_;
};

void copy_table(soci::session& from, soci::session& to, const std::string& table) {
  RowWriter writer(to, table);
  soci::row row;
  soci::statement select = (from.prepare << "SELECT * FROM " + table, soci::into(row));
  select.execute();
  while (select.fetch()) writer.put(row);
}

/// Those of the other one have their rows, which writers lock: they are changed, not replaced.
void copy_counters(soci::session& from, soci::session& to) {
  std::string name;
  long long value = 0;
  soci::statement select =
      (from.prepare << "SELECT name, value FROM counters", soci::into(name), soci::into(value));
  select.execute();
  while (select.fetch()) {
    soci::statement update = (to.prepare << "UPDATE counters SET value = :value WHERE name = :name",
                              soci::use(value), soci::use(name));
    update.execute(true);
    if (update.get_affected_rows() == 0)
      to << "INSERT INTO counters (name, value) VALUES (:name, :value)", soci::use(name),
          soci::use(value);
  }
}

Error no_store(const Url& url) {
  return {ErrorKind::not_found, "there is no key store at '" + shown(url) + "'",
          "name one that is there: a path or a URL, as in store.url"};
}

/// What of `to` is in the way; "" for nothing.
std::string first_with_rows(soci::session& to) {
  for (const auto* table : kTables) {
    if (table != kCounters && count_rows(to, table) > 0) return table;
  }
  return "";
}

}  // namespace

Result<std::vector<TableSize>> table_sizes(const Url& url, Milliseconds busy) {
  auto database = Database::open_existing(url, busy);
  if (!database) return std::move(database).error();
  if (!*database) return no_store(url);
  std::vector<TableSize> sizes;
  auto counted = (*database)->read_at_one_time([&](soci::session& sql) { sizes = count_all(sql); });
  if (!counted) return std::move(counted).error();
  return sizes;
}

Result<std::vector<TableSize>> copy_store(const Url& from, const Url& to, Present present,
                                          Milliseconds busy) {
  if (from == to)
    return Error{ErrorKind::usage, "both are the same store", "name another one to copy to"};
  auto source = Database::open_existing(from, busy);
  if (!source) return std::move(source).error();
  if (!*source) return no_store(from);
  auto target = Database::open(to, busy);
  if (!target) return std::move(target).error();
  std::vector<TableSize> copied;
  std::string in_the_way;
  Result<void> written;
  const auto copy = [&](soci::session& source_sql, soci::session& sql) {
    in_the_way = present == Present::refuse ? first_with_rows(sql) : "";
    if (!in_the_way.empty()) return;
    for (const auto* table : kTables) {
      if (table == kCounters) {
        copy_counters(source_sql, sql);
      } else {
        sql << std::string("DELETE FROM ") + table;
        copy_table(source_sql, sql, table);
      }
    }
    copied = count_all(sql);
    const auto expected = count_all(source_sql);
    for (std::size_t i = 0; i < copied.size(); ++i) {
      if (copied[i].rows != expected[i].rows)
        throw std::runtime_error("the rows of " + copied[i].table + " are not all there");
    }
  };
  auto read = (*source)->read_at_one_time([&](soci::session& source_sql) {
    written = target->write([&](soci::session& sql) { copy(source_sql, sql); });
  });
  if (!written) return std::move(written).error();
  if (!read) return std::move(read).error();
  if (!in_the_way.empty()) {
    return Error{ErrorKind::usage, "'" + shown(to) + "' is not empty: there are " + in_the_way,
                 "choose another, or replace what is there with --force"};
  }
  return copied;
}

}  // namespace gembal::store
