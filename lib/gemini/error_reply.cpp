#include "lib/gemini/error_reply.hpp"

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

constexpr std::size_t kLongestMessage = 4000;

/// google.rpc.Code's names, by the HTTP status that each is told with.
const char* status_name(int http_status) {
  switch (http_status) {
    case 400: return "INVALID_ARGUMENT";
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "NOT_FOUND";
    case 408:
    case 504: return "DEADLINE_EXCEEDED";
    case 409: return "ABORTED";
    case 413: return "INVALID_ARGUMENT";
    case 429: return "RESOURCE_EXHAUSTED";
    case 499: return "CANCELLED";
    case 501: return "UNIMPLEMENTED";
    case 502:
    case 503: return "UNAVAILABLE";
    default: return http_status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
  }
}

}  // namespace

std::string error_body(int http_status, std::string_view message) {
  return to_text(
      {{"error",
        {{"code", http_status}, {"message", message}, {"status", status_name(http_status)}}}});
}

std::string message_of(std::string_view body) {
  std::string message;
  if (const auto parsed = parse_json(body)) {
    const Json* top = &*parsed;
    if (top->is_array() && !top->empty()) top = &top->front();
    if (const Json* error = find(*top, "error")) {
      message = error->is_string() ? error->get<std::string>()
                                   : std::string(string_in(*error, "message"));
    }
  } else if (const auto text = trim(body); !text.empty() && text.front() != '<') {
    message = text.substr(0, 300);
  }
  if (trim(message).empty()) message = "the upstream failed without saying why";
  if (message.size() > kLongestMessage) message.resize(kLongestMessage);
  return redact_keys(message);
}

}  // namespace gembal::gemini
