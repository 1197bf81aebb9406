// Aliyun's two ways of signing a request in its Authorization header, as its documentation has
// them ("Include a V1 signature in the Authorization header", and V4).
#include "lib/images/oss_signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "lib/core/base64.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/text.hpp"

namespace gembal::images {
namespace {

std::string hmac(const EVP_MD* algorithm, std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(algorithm, key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string header(const OssRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

/// The headers that `is_signed` picks, sorted, each "name:value\n".
template <typename Signed>
std::string canonical_headers(const OssRequest& request, Signed is_signed) {
  auto headers = request.headers;
  std::sort(headers.begin(), headers.end());
  std::string text;
  for (const auto& [name, value] : headers) {
    if (is_signed(name)) text.append(name).append(":").append(trim(value)).append("\n");
  }
  return text;
}

}  // namespace

std::string oss_signature_v1(const OssRequest& request, const std::string& access_key,
                             const Secret& secret) {
  const std::string text =
      request.method + "\n" + header(request, "content-md5") + "\n" +
      header(request, "content-type") + "\n" + header(request, "date") + "\n" +
      canonical_headers(request, [](const auto& name) { return name.starts_with("x-oss-"); }) +
      "/" + request.bucket + "/" + request.key;
  return "OSS " + access_key + ":" + base64_encode(hmac(EVP_sha1(), secret.reveal(), text));
}

std::string oss_signature_v4(const OssRequest& request, const std::string& access_key,
                             const Secret& secret, std::string_view region, TimePoint now,
                             std::string_view query) {
  const std::string time = oss_timestamp(now);
  const std::string day = time.substr(0, 8);
  const std::string scope = day + "/" + std::string(region) + "/oss/aliyun_v4_request";
  const auto is_signed = [](const auto& name) {
    return name == "content-type" || name == "content-md5" || name.starts_with("x-oss-");
  };
  const std::string canonical = request.method + "\n/" +
                                oss_path(request.bucket + "/" + request.key) + "\n" +
                                std::string(query) + "\n" + canonical_headers(request, is_signed) +
                                "\n" + "\n" +  // no further headers are signed
                                header(request, "x-oss-content-sha256");
  const std::string text =
      "OSS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256_hex(canonical);

  std::string key = hmac(EVP_sha256(), "aliyun_v4" + secret.reveal(), day);
  for (const std::string_view step :
       {region, std::string_view("oss"), std::string_view("aliyun_v4_request")})
    key = hmac(EVP_sha256(), key, step);
  return "OSS4-HMAC-SHA256 Credential=" + access_key + "/" + scope +
         ",Signature=" + hex(hmac(EVP_sha256(), key, text));
}

std::string oss_timestamp(TimePoint now) {
  std::string text;
  for (const char c : to_iso8601(now)) {
    if (c != '-' && c != ':') text += c;
  }
  return text;
}

std::string oss_path(std::string_view key) {
  std::string path;
  for (const auto segment : split(key, '/')) {
    if (!path.empty() || segment.data() != key.data()) path += '/';
    path += percent_encode(segment);
  }
  return path;
}

}  // namespace gembal::images
