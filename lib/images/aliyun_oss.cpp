#include "lib/images/aliyun_oss.hpp"

#include "lib/core/base64.hpp"
#include "lib/images/oss_signature.hpp"

namespace gembal::images {
namespace {

constexpr const char* kUnsigned = "UNSIGNED-PAYLOAD";

/// "2026/11/24/5f3a….png"
std::string key_of(const Upload& upload) {
  std::string day = to_iso8601(upload.now).substr(0, 10);
  day[4] = day[7] = '/';
  return day + "/" + upload.file_name();
}

/// A bucket is a name below the endpoint's; where the endpoint is a number, as on a network of
/// one's own, it is the first segment of the path.
std::string url_of(const Options& options, const std::string& key) {
  std::string_view host = options.oss_endpoint;
  std::string scheme = "https://";
  if (const auto end = host.find("://"); end != std::string_view::npos) {
    scheme = host.substr(0, end + 3);
    host.remove_prefix(end + 3);
  }
  while (host.ends_with('/')) host.remove_suffix(1);
  const auto name = host.substr(0, host.rfind(':'));
  const bool is_number =
      name.find_first_not_of("0123456789.") == std::string_view::npos || name == "localhost";
  std::string url = scheme;
  if (is_number) {
    url.append(host).append("/").append(options.oss_bucket);
  } else {
    url.append(options.oss_bucket).append(".").append(host);
  }
  return url + "/" + oss_path(key);
}

std::string region_of(const Options& options) {
  const std::string& region = options.oss_region;
  return region.starts_with("oss-") ? region.substr(4) : region;
}

/// What stands in an XML element; errors of the storage are that simple.
std::string_view element(std::string_view xml, const std::string& name) {
  const auto begin = xml.find("<" + name + ">");
  if (begin == std::string_view::npos) return {};
  const auto text = xml.substr(begin + name.size() + 2);
  return text.substr(0, text.find('<'));
}

}  // namespace

Result<http::Request> AliyunOss::request(const Upload& upload) const {
  if (options_.oss_endpoint.empty()) return missing("images.oss_endpoint");
  if (options_.oss_bucket.empty()) return missing("images.oss_bucket");
  if (options_.oss_access_key.empty()) return missing("images.oss_access_key");
  if (options_.oss_access_key_secret.empty()) return missing("images.oss_access_key_secret");

  auto bytes = std::make_shared<std::string>();
  if (!append_decoded(*bytes, upload.picture.base64))
    return Error{ErrorKind::upstream, "the model's picture is not base64", ""};

  OssRequest put;
  put.method = "PUT";
  put.bucket = options_.oss_bucket;
  put.key = key_of(upload);
  put.headers = {{"content-type", upload.picture.media_type}, {"x-oss-object-acl", "public-read"}};
  std::string signature;
  if (options_.oss_region.empty()) {
    put.headers.emplace_back("date", to_http_date(upload.now));
    signature = oss_signature_v1(put, options_.oss_access_key, options_.oss_access_key_secret);
  } else {
    put.headers.emplace_back("x-oss-date", oss_timestamp(upload.now));
    put.headers.emplace_back("x-oss-content-sha256", kUnsigned);
    signature = oss_signature_v4(put, options_.oss_access_key, options_.oss_access_key_secret,
                                 region_of(options_), upload.now);
  }

  http::Request request;
  request.method = put.method;
  request.url = url_of(options_, put.key);
  for (const auto& [name, value] : put.headers) request.headers.push_back(name + ": " + value);
  request.headers.push_back("authorization: " + signature);
  request.body = std::move(bytes);
  return request;
}

Result<std::string> AliyunOss::address(int status, std::string_view body,
                                       const Upload& upload) const {
  if (status >= 200 && status < 300) return checked_address(url_of(options_, key_of(upload)));
  std::string words(element(body, "Code"));
  if (const auto message = element(body, "Message"); !message.empty())
    words.append(": ").append(message);
  return refused(status, words);
}

}  // namespace gembal::images
