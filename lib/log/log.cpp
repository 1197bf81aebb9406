#include "lib/log/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "lib/core/text.hpp"

namespace gembal::log {
namespace {

constexpr std::size_t kQueuedLines = 8192;

std::atomic<bool> as_json{false};

std::shared_ptr<spdlog::logger> make_logger() {
  spdlog::init_thread_pool(kQueuedLines, 1);
  auto made = std::make_shared<spdlog::async_logger>(
      "gembal", std::make_shared<spdlog::sinks::stderr_sink_mt>(), spdlog::thread_pool(),
      spdlog::async_overflow_policy::overrun_oldest);
  made->set_pattern("%v");  // the line is whole already: level and time are members of it in JSON
  made->set_level(spdlog::level::info);
  return made;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> made = make_logger();
  return *made;
}

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(milliseconds));
  return text;
}

void write(spdlog::level::level_enum level, const char* name, std::string_view message,
           std::initializer_list<Field> fields) {
  auto& to = logger();
  if (!to.should_log(level)) return;
  to.log(level, line(as_json ? "json" : "text", now_text(), name, message, fields));
}

bool needs_quotes(std::string_view text) {
  for (const char c : text) {
    if (c == ' ' || c == '"' || c == '=' || static_cast<unsigned char>(c) < 0x20) return true;
  }
  return false;
}

void append_value(std::string& out, const Field& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    const auto shown = redact_keys(*text);
    // A JSON string cannot break the line, whatever a client put into a path.
    out += needs_quotes(shown) ? to_text(Json(shown)) : shown;
  } else if (const auto* number = std::get_if<long long>(&field.value)) {
    out += std::to_string(*number);
  } else {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.1f", std::get<double>(field.value));
    out += digits;
  }
}

bool is_empty(const Field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return text && text->empty();
}

}  // namespace

void configure(const Options& options) {
  as_json = options.format == "json";
  auto level = spdlog::level::info;
  if (options.level == "debug") level = spdlog::level::debug;
  if (options.level == "warn") level = spdlog::level::warn;
  if (options.level == "error") level = spdlog::level::err;
  logger().set_level(level);
}

void shut_down() { spdlog::shutdown(); }

void debug(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::debug, "debug", message, fields);
}
void info(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::info, "info", message, fields);
}
void warn(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::warn, "warn", message, fields);
}
void error(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::err, "error", message, fields);
}

std::string line(std::string_view format, std::string_view time, std::string_view level,
                 std::string_view message, std::initializer_list<Field> fields) {
  if (format == "json") {
    Json object = {{"time", time}, {"level", level}, {"message", redact_keys(message)}};
    for (const auto& field : fields) {
      if (is_empty(field)) continue;
      const std::string name(field.name);
      if (const auto* text = std::get_if<std::string_view>(&field.value))
        object[name] = redact_keys(*text);
      if (const auto* number = std::get_if<long long>(&field.value)) object[name] = *number;
      if (const auto* real = std::get_if<double>(&field.value)) object[name] = *real;
    }
    return to_text(object);
  }
  std::string text;
  text.append(time)
      .append(" ")
      .append(level)
      .append(level.size() < 5 ? "  " : " ")
      .append(redact_keys(message));
  for (const auto& field : fields) {
    if (is_empty(field)) continue;
    text.append(" ").append(field.name).append("=");
    append_value(text, field);
  }
  return text;
}

}  // namespace gembal::log
