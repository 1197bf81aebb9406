#include "lib/openai/error.hpp"

#include "lib/core/json.hpp"

namespace gembal::openai {
namespace {

struct Kind {
  const char* type;
  const char* code;
};

Kind kind_of(int http_status) {
  switch (http_status) {
    case 401: return {"authentication_error", "invalid_api_key"};
    case 403: return {"permission_error", "permission_denied"};
    case 404: return {"invalid_request_error", "model_not_found"};
    case 429: return {"rate_limit_error", "rate_limit_exceeded"};
    case 503: return {"server_error", "overloaded"};
    case 504: return {"server_error", "timeout"};
    default: break;
  }
  if (http_status >= 500) return {"server_error", "upstream_error"};
  return {"invalid_request_error", "invalid_request"};
}

Json error_json(int http_status, std::string_view message, std::string_view code,
                std::string_view param) {
  const auto kind = kind_of(http_status);
  Json error = {{"message", message}, {"type", kind.type}, {"param", nullptr}};
  if (!param.empty()) error["param"] = param;
  error["code"] = code.empty() ? std::string_view(kind.code) : code;
  return {{"error", std::move(error)}};
}

}  // namespace

std::string error_body(int http_status, std::string_view message, std::string_view code,
                       std::string_view param) {
  return to_text(error_json(http_status, message, code, param));
}

std::string error_event(int http_status, std::string_view message) {
  return "data: " + to_text(error_json(http_status, message, {}, {})) + "\n\n";
}

}  // namespace gembal::openai
