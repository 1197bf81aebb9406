#pragma once

#include "lib/images/host.hpp"

namespace gembal::images {

/// CloudFlare ImgBed, which people run on their own Cloudflare account: a form with `file`. The
/// authorisation code goes into a header: in the address it would end up in logs.
class CloudflareImgBed final : public Host {
 public:
  explicit CloudflareImgBed(const Options& options) : options_(options) {}

  const char* name() const override { return "Cloudflare ImgBed"; }
  Result<http::Request> request(const Upload& upload) const override;
  Result<std::string> address(int status, std::string_view body,
                              const Upload& upload) const override;
  const Secret& secret() const override { return options_.imgbed_auth_code; }

 private:
  const Options& options_;
};

}  // namespace gembal::images
