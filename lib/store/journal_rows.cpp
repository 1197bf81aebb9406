// Requests and errors, one by one.

#include "lib/store/journal_rows.hpp"

#include <algorithm>
#include <charconv>
#include <deque>

#include "lib/core/text.hpp"

namespace gembal::store {
namespace {

using soci::into;
using soci::use;

constexpr std::size_t kMostOfAPage = 10'000;

// What a column takes. A text that is longer is cut: it is for people to read.
constexpr std::size_t kPath = 512;
constexpr std::size_t kShort = 256;
constexpr std::size_t kMessage = 2048;
constexpr std::size_t kBody = 32 * 1024;

/// At most so many bytes of `text`, as UTF-8 without NUL, which not every database takes.
std::string cut(const std::string& text, std::size_t most) {
  auto kept = text.substr(0, most);
  // A character that was cut through is left out whole.
  while (kept.size() < text.size() && !kept.empty() && (text[kept.size()] & 0xC0) == 0x80)
    kept.pop_back();
  std::replace(kept.begin(), kept.end(), '\0', '?');
  if (!is_valid_utf8(kept)) {
    std::replace_if(
        kept.begin(), kept.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  }
  return kept;
}

/// A condition with the values that it is about, which stay where they are while it is made.
class Condition {
 public:
  void add(const std::string& text) { text_ += (text_.empty() ? " WHERE " : " AND ") + text; }
  void add(const std::string& text, std::string value) {
    add(text);
    texts_.push_back(std::move(value));
    order_.push_back({true, texts_.size() - 1});
  }
  void add(const std::string& text, long long value) {
    add(text);
    numbers_.push_back(value);
    order_.push_back({false, numbers_.size() - 1});
  }
  /// For a text with two places or more.
  void also(std::string value) {
    texts_.push_back(std::move(value));
    order_.push_back({true, texts_.size() - 1});
  }
  void also(long long value) {
    numbers_.push_back(value);
    order_.push_back({false, numbers_.size() - 1});
  }

  const std::string& text() const { return text_; }
  void bind(soci::statement& statement) const {
    for (const auto& [is_text, index] : order_) {
      if (is_text) {
        statement.exchange(use(texts_[index]));
      } else {
        statement.exchange(use(numbers_[index]));
      }
    }
  }

 private:
  std::string text_;
  std::deque<std::string> texts_;
  std::deque<long long> numbers_;
  std::vector<std::pair<bool, std::size_t>> order_;
};

std::string like_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : lower(text)) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + "%";
}

/// "MILLISECONDS.ID" of the last record of a page.
std::string cursor_of(TimePoint time, const std::string& id) {
  return std::to_string(to_unix_milliseconds(time)) + "." + id;
}

void add_cursor(Condition& condition, const std::string& before) {
  const auto dot = before.find('.');
  long long time = 0;
  if (dot == std::string::npos ||
      std::from_chars(before.data(), before.data() + dot, time).ec != std::errc()) {
    return;
  }
  condition.add("(time_ms < :before OR (time_ms = :same AND id < :id))", time);
  condition.also(time);
  condition.also(before.substr(dot + 1));
}

/// What requests and errors are filtered by alike. `words`: the columns that `text` is looked for
/// in.
Condition condition_of(const RecordFilter& filter, const std::vector<std::string>& words) {
  Condition condition;
  if (filter.since != TimePoint{})
    condition.add("time_ms >= :since", to_unix_milliseconds(filter.since));
  if (filter.until != TimePoint::max())
    condition.add("time_ms <= :until", to_unix_milliseconds(filter.until));
  if (!filter.key_id.empty()) condition.add("key_id = :key", filter.key_id);
  if (!filter.model.empty()) condition.add("model = :model", filter.model);
  if (!filter.token.empty()) condition.add("token = :token", filter.token);
  if (filter.least_status > 0) condition.add("status >= :least", filter.least_status);
  if (filter.most_status < 999) condition.add("status <= :most", filter.most_status);
  if (!filter.text.empty()) {
    std::string any;
    for (const auto& column : words) {
      if (!any.empty()) any += " OR ";
      any += "lower(" + column + ") LIKE :" + column + " ESCAPE '!'";
    }
    const auto pattern = like_pattern(filter.text);
    condition.add("(" + any + ")", pattern);
    for (std::size_t i = 1; i < words.size(); ++i) condition.also(pattern);
  }
  if (!filter.before.empty()) add_cursor(condition, filter.before);
  return condition;
}

std::size_t page_size(const RecordFilter& filter) {
  return std::clamp<std::size_t>(filter.limit, 1, kMostOfAPage);
}

constexpr auto kRequestColumns =
    "id, time_ms, method, path, token, key_id, model, status, attempts, prompt_tokens,"
    " output_tokens, total_tokens, first_ms, took_ms, failure";

/// Reads rows of kRequestColumns.
class RequestReader {
 public:
  RequestReader(soci::session& sql, const Condition& condition, std::size_t most) : select_(sql) {
    select_.exchange(into(row_.id));
    select_.exchange(into(time_));
    select_.exchange(into(row_.method));
    select_.exchange(into(row_.path));
    select_.exchange(into(row_.token));
    select_.exchange(into(row_.key_id));
    select_.exchange(into(row_.model));
    select_.exchange(into(row_.status));
    select_.exchange(into(row_.attempts));
    for (auto& number : numbers_) select_.exchange(into(number));
    select_.exchange(into(row_.failure));
    condition.bind(select_);
    select_.alloc();
    select_.prepare(std::string("SELECT ") + kRequestColumns + " FROM request_log" +
                    condition.text() + " ORDER BY time_ms DESC, id DESC LIMIT " +
                    std::to_string(most));
    select_.define_and_bind();
    select_.execute();
  }

  bool next() {
    if (!select_.fetch()) return false;
    row_.time = from_unix_milliseconds(time_);
    row_.prompt_tokens = static_cast<std::uint64_t>(numbers_[0]);
    row_.output_tokens = static_cast<std::uint64_t>(numbers_[1]);
    row_.total_tokens = static_cast<std::uint64_t>(numbers_[2]);
    row_.first_ms = numbers_[3];
    row_.ms = numbers_[4];
    return true;
  }
  const RequestRecord& row() const { return row_; }

 private:
  RequestRecord row_;
  long long time_ = 0;
  std::array<long long, 5> numbers_{};
  soci::statement select_;
};

constexpr auto kErrorColumns =
    "id, request_id, time_ms, key_id, model, token, path, status, kind, message";

/// Reads rows of kErrorColumns, and of the bodies when they are wanted.
class ErrorReader {
 public:
  /// `rest`: what follows the condition.
  ErrorReader(soci::session& sql, const Condition& condition, const std::string& rest,
              bool with_bodies)
      : select_(sql) {
    select_.exchange(into(row_.id));
    select_.exchange(into(row_.request_id));
    select_.exchange(into(time_));
    select_.exchange(into(row_.key_id));
    select_.exchange(into(row_.model));
    select_.exchange(into(row_.token));
    select_.exchange(into(row_.path));
    select_.exchange(into(row_.status));
    select_.exchange(into(row_.kind));
    select_.exchange(into(row_.message));
    if (with_bodies) {
      select_.exchange(into(row_.request));
      select_.exchange(into(row_.reply));
    }
    condition.bind(select_);
    select_.alloc();
    select_.prepare(std::string("SELECT ") + kErrorColumns +
                    (with_bodies ? ", request_body, reply_body" : "") + " FROM error_log" +
                    condition.text() + rest);
    select_.define_and_bind();
    select_.execute();
  }

  bool next() {
    if (!select_.fetch()) return false;
    row_.time = from_unix_milliseconds(time_);
    return true;
  }
  const ErrorRecord& row() const { return row_; }

 private:
  ErrorRecord row_;
  long long time_ = 0;
  soci::statement select_;
};

/// Up to `most` rows, and whether there are more: one more was asked for.
template <typename Record, typename Reader>
Page<Record> page_of(Reader& reader, std::size_t most) {
  Page<Record> page;
  while (reader.next()) {
    if (page.records.size() == most) {
      page.next = cursor_of(page.records.back().time, page.records.back().id);
      break;
    }
    page.records.push_back(reader.row());
  }
  return page;
}

}  // namespace

void write_requests(soci::session& sql, const std::vector<RequestRecord>& requests) {
  if (requests.empty()) return;
  RequestRecord row;
  long long time = 0, prompt = 0, output = 0, total = 0, first = 0, took = 0;
  // A batch may come again when it was not known to be written.
  soci::statement remove = (sql.prepare << "DELETE FROM request_log WHERE id = :id", use(row.id));
  soci::statement insert =
      (sql.prepare
           << "INSERT INTO request_log (id, time_ms, method, path, token, key_id, model, status,"
              " attempts, prompt_tokens, output_tokens, total_tokens, first_ms, took_ms, failure)"
              " VALUES (:id, :time, :method, :path, :token, :key, :model, :status, :attempts,"
              " :prompt, :output, :total, :first, :took, :failure)",
       use(row.id), use(time), use(row.method), use(row.path), use(row.token), use(row.key_id),
       use(row.model), use(row.status), use(row.attempts), use(prompt), use(output), use(total),
       use(first), use(took), use(row.failure));
  for (const auto& request : requests) {
    row = request;
    row.method = cut(row.method, 16);
    row.path = cut(row.path, kPath);
    row.model = cut(row.model, kShort);
    row.failure = cut(row.failure, kMessage);
    time = to_unix_milliseconds(row.time);
    prompt = static_cast<long long>(row.prompt_tokens);
    output = static_cast<long long>(row.output_tokens);
    total = static_cast<long long>(row.total_tokens);
    first = row.first_ms;
    took = row.ms;
    remove.execute(true);
    insert.execute(true);
  }
}

void write_errors(soci::session& sql, const std::vector<ErrorRecord>& errors) {
  if (errors.empty()) return;
  ErrorRecord row;
  long long time = 0;
  soci::statement remove = (sql.prepare << "DELETE FROM error_log WHERE id = :id", use(row.id));
  soci::statement insert =
      (sql.prepare
           << "INSERT INTO error_log (id, request_id, time_ms, key_id, model, token, path, status,"
              " kind, message, request_body, reply_body) VALUES (:id, :request, :time, :key,"
              " :model, :token, :path, :status, :kind, :message, :body, :reply)",
       use(row.id), use(row.request_id), use(time), use(row.key_id), use(row.model), use(row.token),
       use(row.path), use(row.status), use(row.kind), use(row.message), use(row.request),
       use(row.reply));
  for (const auto& error : errors) {
    row = error;
    row.model = cut(row.model, kShort);
    row.path = cut(row.path, kPath);
    row.message = cut(row.message, kMessage);
    row.request = cut(row.request, kBody);
    row.reply = cut(row.reply, kBody);
    time = to_unix_milliseconds(row.time);
    remove.execute(true);
    insert.execute(true);
  }
}

Page<RequestRecord> requests_where(soci::session& sql, const RecordFilter& filter) {
  auto condition = condition_of(filter, {"model", "path", "failure"});
  if (filter.failed_only) condition.add("(status >= 400 OR failure <> '')");
  if (!filter.request_id.empty()) condition.add("id = :request", filter.request_id);
  RequestReader reader(sql, condition, page_size(filter) + 1);
  return page_of<RequestRecord>(reader, page_size(filter));
}

std::optional<RequestRecord> request_of(soci::session& sql, const std::string& id) {
  Condition condition;
  condition.add("id = :id", id);
  RequestReader reader(sql, condition, 1);
  if (!reader.next()) return std::nullopt;
  return reader.row();
}

Page<ErrorRecord> errors_where(soci::session& sql, const RecordFilter& filter) {
  auto condition = condition_of(filter, {"model", "path", "kind", "message"});
  if (!filter.request_id.empty()) condition.add("request_id = :request", filter.request_id);
  ErrorReader reader(
      sql, condition,
      " ORDER BY time_ms DESC, id DESC LIMIT " + std::to_string(page_size(filter) + 1), false);
  return page_of<ErrorRecord>(reader, page_size(filter));
}

std::optional<ErrorRecord> error_of(soci::session& sql, const std::string& id) {
  Condition condition;
  condition.add("id = :id", id);
  ErrorReader reader(sql, condition, "", true);
  if (!reader.next()) return std::nullopt;
  return reader.row();
}

std::vector<ErrorRecord> last_error_of_keys(soci::session& sql, TimePoint since) {
  const std::string from = std::to_string(to_unix_milliseconds(since));
  Condition condition;
  condition.add("key_id <> ''");
  condition.add("time_ms >= " + from);
  condition.add(
      "time_ms = (SELECT max(e.time_ms) FROM error_log e WHERE e.key_id ="
      " error_log.key_id AND e.time_ms >= " +
      from + ")");
  ErrorReader reader(sql, condition, "", false);
  std::vector<ErrorRecord> found;
  while (reader.next()) found.push_back(reader.row());
  return found;
}

}  // namespace gembal::store
