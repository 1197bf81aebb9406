#pragma once

#include "lib/images/host.hpp"

namespace gembal::images {

/// PicGo.net and other sites made with Chevereto: a form with `source`. Sites of one's own may run
/// an older release, which looks for the key in the form only.
class PicGo final : public Host {
 public:
  explicit PicGo(const Options& options) : options_(options) {}

  const char* name() const override { return "PicGo"; }
  Result<http::Request> request(const Upload& upload) const override;
  Result<std::string> address(int status, std::string_view body,
                              const Upload& upload) const override;
  const Secret& secret() const override { return options_.picgo_api_key; }

 private:
  const Options& options_;
};

}  // namespace gembal::images
