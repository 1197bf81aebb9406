#include "lib/images/cloudflare_imgbed.hpp"

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/images/multipart.hpp"

namespace gembal::images {

Result<http::Request> CloudflareImgBed::request(const Upload& upload) const {
  if (options_.imgbed_url.empty()) return missing("images.cloudflare_imgbed_url");
  std::string url = options_.imgbed_url + "?uploadNameType=origin&returnFormat=full";
  if (!options_.imgbed_folder.empty())
    url += "&uploadFolder=" + percent_encode(options_.imgbed_folder);
  auto request = post_form(std::move(url), upload, "file");
  if (request && !options_.imgbed_auth_code.empty())
    request->headers.push_back("authcode: " + options_.imgbed_auth_code.reveal());
  return request;
}

Result<std::string> CloudflareImgBed::address(int status, std::string_view body,
                                              const Upload&) const {
  const auto reply = parse_json(body);
  if (!reply) return refused(status, body.starts_with('<') ? std::string_view{} : body);
  if (!reply->is_array() || reply->empty()) {
    const auto message = string_in(*reply, "message");
    return refused(status, message.empty() ? string_in(*reply, "error") : message);
  }
  const std::string source(string_in(reply->front(), "src"));
  if (!source.starts_with('/')) return checked_address(source);
  // Older releases name the place below their own address.
  const auto& url = options_.imgbed_url;
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return checked_address("");
  return checked_address(url.substr(0, url.find('/', scheme + 3)) + source);
}

}  // namespace gembal::images
