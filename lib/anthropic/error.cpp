#include "lib/anthropic/error.hpp"

#include "lib/core/json.hpp"

namespace gembal::anthropic {
namespace {

const char* type_of(int http_status) {
  switch (http_status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case kOverloaded: return "overloaded_error";
    default: break;
  }
  return http_status >= 500 ? "api_error" : "invalid_request_error";
}

}  // namespace

std::string error_body(int http_status, std::string_view message, std::string_view request_id) {
  Json body = {{"type", "error"},
               {"error", {{"type", type_of(http_status)}, {"message", message}}}};
  if (!request_id.empty()) body["request_id"] = request_id;
  return to_text(body);
}

std::string error_event(int http_status, std::string_view message) {
  return "event: error\ndata: " + error_body(http_status, message) + "\n\n";
}

}  // namespace gembal::anthropic
