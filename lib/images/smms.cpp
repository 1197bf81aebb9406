#include "lib/images/smms.hpp"

#include "lib/core/json.hpp"
#include "lib/images/multipart.hpp"

namespace gembal::images {

Result<http::Request> SmMs::request(const Upload& upload) const {
  if (options_.smms_token.empty()) return missing("images.smms_token");
  auto request = post_form(options_.smms_url, upload, "smfile");
  if (request) request->headers.push_back("authorization: " + options_.smms_token.reveal());
  return request;
}

Result<std::string> SmMs::address(int status, std::string_view body, const Upload&) const {
  const auto reply = parse_json(body);
  if (!reply) return refused(status, "");
  const Json* data = find(*reply, "data");
  if (bool_in(*reply, "success").value_or(false) && data)
    return checked_address(string_in(*data, "url"));
  // It keeps each picture once, and says where.
  if (string_in(*reply, "code") == "image_repeated")
    return checked_address(string_in(*reply, "images"));
  return refused(status, string_in(*reply, "message"));
}

}  // namespace gembal::images
