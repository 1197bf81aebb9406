#include "daemon/dialect.hpp"

#include "lib/gemini/error_reply.hpp"
#include "lib/openai/error.hpp"

namespace gembal::daemon {
namespace {

std::string sentence(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
}

Response response(Dialect dialect, int status, std::string_view message,
                  std::string_view param = {}) {
  Response made;
  made.status = status;
  made.headers = {{"content-type", "application/json; charset=UTF-8"}};
  if (dialect == Dialect::gemini) {
    made.body = gemini::error_body(status, message);
  } else {
    made.body = openai::error_body(status, message, {}, param);
  }
  return made;
}

}  // namespace

Response error_response(Dialect dialect, const Error& error) {
  auto made = response(dialect, http_status(error.kind), sentence(error), error.param);
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    made.headers.emplace_back("retry-after", std::to_string(std::max<std::int64_t>(seconds, 1)));
  }
  return made;
}

Response error_response(Dialect dialect, int status, std::string_view message) {
  return response(dialect, status, message);
}

std::string error_event(Dialect dialect, const Error& error) {
  if (dialect == Dialect::openai) return openai::error_event(502, error.message);
  return "data: " + gemini::error_body(502, error.message) + "\r\n\r\n";
}

}  // namespace gembal::daemon
