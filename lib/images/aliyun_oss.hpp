#pragma once

#include "lib/images/host.hpp"

namespace gembal::images {

/// Aliyun's object storage: one signed PUT of a public object.
class AliyunOss final : public Host {
 public:
  explicit AliyunOss(const Options& options) : options_(options) {}

  const char* name() const override { return "Aliyun OSS"; }
  Result<http::Request> request(const Upload& upload) const override;
  Result<std::string> address(int status, std::string_view body,
                              const Upload& upload) const override;
  const Secret& secret() const override { return options_.oss_access_key_secret; }

 private:
  const Options& options_;
};

}  // namespace gembal::images
