#pragma once

#include "lib/images/host.hpp"

namespace gembal::images {

/// SM.MS, and S.EE, which took it over: a form with `smfile`, the token as it is in Authorization.
class SmMs final : public Host {
 public:
  explicit SmMs(const Options& options) : options_(options) {}

  const char* name() const override { return "SM.MS"; }
  Result<http::Request> request(const Upload& upload) const override;
  Result<std::string> address(int status, std::string_view body,
                              const Upload& upload) const override;
  const Secret& secret() const override { return options_.smms_token; }

 private:
  const Options& options_;
};

}  // namespace gembal::images
