#include "daemon/dialect.hpp"

#include "lib/anthropic/error.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/openai/error.hpp"

namespace gembal::daemon {
namespace {

std::string sentence(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
}

/// Who has to wait for hours is told so as OpenAI tells who has used up a quota.
std::string_view code_of(const Error& error) {
  const bool is_spent =
      error.kind == ErrorKind::keys_waiting &&
      error.retry_after.value_or(std::chrono::milliseconds{}) >= std::chrono::hours{1};
  return is_spent ? "insufficient_quota" : "";
}

Response response(Dialect dialect, int status, std::string_view message, std::string_view param,
                  std::string_view code, std::string_view request_id) {
  Response made;
  made.status = status;
  made.headers = {{"content-type", "application/json; charset=UTF-8"}};
  switch (dialect) {
    case Dialect::gemini: made.body = gemini::error_body(status, message); break;
    case Dialect::openai: made.body = openai::error_body(status, message, code, param); break;
    case Dialect::anthropic: made.body = anthropic::error_body(status, message, request_id); break;
  }
  return made;
}

}  // namespace

Response error_response(Dialect dialect, const Error& error, std::string_view request_id) {
  auto made = response(dialect, http_status(error.kind), sentence(error), error.param,
                       code_of(error), request_id);
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    made.headers.emplace_back("retry-after", std::to_string(std::max<std::int64_t>(seconds, 1)));
  }
  return made;
}

Response error_response(Dialect dialect, int status, std::string_view message,
                        std::string_view request_id) {
  if (dialect == Dialect::anthropic && status == 503) status = anthropic::kOverloaded;
  return response(dialect, status, message, {}, {}, request_id);
}

std::string error_event(Dialect dialect, const Error& error) {
  if (dialect == Dialect::openai) return openai::error_event(502, error.message);
  if (dialect == Dialect::anthropic) return anthropic::error_event(502, error.message);
  return "data: " + gemini::error_body(502, error.message) + "\r\n\r\n";
}

}  // namespace gembal::daemon
