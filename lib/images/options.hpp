#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "lib/core/secret.hpp"

namespace gembal::images {

/// Where pictures go for which a client wants an address.
struct Options {
  std::string upload = "self";  ///< "self", "none", "smms", "picgo", "cloudflare_imgbed",
                                ///< "aliyun_oss"
  std::chrono::milliseconds keep{std::chrono::hours{24}};  ///< on gembal's own shelf
  std::uint64_t keep_bytes = 1u << 30;                     ///< on the shelf, all together

  std::string smms_url;
  Secret smms_token;
  std::string picgo_url;
  Secret picgo_api_key;
  std::string imgbed_url;  ///< with its path: "https://x.pages.dev/upload"
  Secret imgbed_auth_code;
  std::string imgbed_folder;
  std::string oss_endpoint;  ///< "oss-cn-hangzhou.aliyuncs.com", with or without http(s)://
  std::string oss_access_key;
  Secret oss_access_key_secret;
  std::string oss_bucket;
  std::string oss_region;  ///< "cn-hangzhou"; "": requests are signed the old way (V1)
};

}  // namespace gembal::images
