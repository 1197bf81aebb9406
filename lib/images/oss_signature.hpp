#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/secret.hpp"
#include "lib/core/time.hpp"

namespace gembal::images {

/// A request to Aliyun's object storage, as far as it is signed.
struct OssRequest {
  std::string method;  ///< "PUT"
  std::string bucket;
  std::string key;  ///< the object's name, without a leading slash, not encoded
  /// Names in lower case. Signed are content-md5, content-type, date (V1) and all x-oss-*.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The Authorization header of the old way (V1: HMAC-SHA1): "OSS ID:SIGNATURE".
std::string oss_signature_v1(const OssRequest& request, const std::string& access_key,
                             const Secret& secret);

/// The Authorization header of the present way (V4: OSS4-HMAC-SHA256). The request must have
/// x-oss-date (see oss_timestamp) and x-oss-content-sha256. `query` is canonical: sorted, encoded.
std::string oss_signature_v4(const OssRequest& request, const std::string& access_key,
                             const Secret& secret, std::string_view region, TimePoint now,
                             std::string_view query = {});

/// "20231216T162057Z"
std::string oss_timestamp(TimePoint now);

/// An object's name as it stands in an address: all but slashes and unreserved characters encoded.
std::string oss_path(std::string_view key);

}  // namespace gembal::images
