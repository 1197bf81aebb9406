#include "lib/images/picgo.hpp"

#include "lib/core/json.hpp"
#include "lib/images/multipart.hpp"

namespace gembal::images {

Result<http::Request> PicGo::request(const Upload& upload) const {
  if (options_.picgo_url.empty()) return missing("images.picgo_url");
  if (options_.picgo_api_key.empty()) return missing("images.picgo_api_key");
  const auto& key = options_.picgo_api_key.reveal();
  auto request =
      post_form(options_.picgo_url, upload, "source", {{"key", key}, {"format", "json"}});
  if (request) request->headers.push_back("x-api-key: " + key);
  return request;
}

Result<std::string> PicGo::address(int status, std::string_view body, const Upload&) const {
  const auto reply = parse_json(body);
  if (!reply) return refused(status, "");
  if (const Json* image = find(*reply, "image"); image && !string_in(*image, "url").empty())
    return checked_address(string_in(*image, "url"));
  // The upload server of the PicGo application.
  const Json* result = find(*reply, "result");
  if (bool_in(*reply, "success").value_or(false) && result && result->is_array() &&
      !result->empty() && result->front().is_string())
    return checked_address(result->front().get_ref<const std::string&>());
  const Json* error = find(*reply, "error");
  return refused(status, error ? string_in(*error, "message") : string_in(*reply, "message"));
}

}  // namespace gembal::images
