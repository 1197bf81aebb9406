#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "tests/support/fake_upstream.hpp"

namespace gembal::testing {

/// Stand-ins for the services that keep pictures, each as its documentation has it, on one port of
/// loopback. They check who asks, take the picture out of the form, or check the signature of the
/// request with a computation of their own, and answer what the real ones answer.
class PictureHosts {
 public:
  struct Stored {
    std::string host;  ///< "smms", "picgo", "imgbed", "oss"
    std::string name;  ///< of the file, or the object's key
    std::string media_type;
    std::string bytes;
    std::string address;  ///< that was given for it
  };

  PictureHosts();

  // What they want to be asked with.
  static constexpr const char* kSmMsToken = "smms-token";
  static constexpr const char* kPicGoKey = "picgo-key";
  static constexpr const char* kImgBedCode = "imgbed-code";
  static constexpr const char* kOssId = "oss-id";
  static constexpr const char* kOssSecret = "oss-secret";
  static constexpr const char* kOssBucket = "pictures";
  static constexpr const char* kOssRegion = "cn-hangzhou";

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  std::string smms_url() const { return origin() + "/api/v2/upload"; }
  std::string picgo_url() const { return origin() + "/api/1/upload"; }
  std::string imgbed_url() const { return origin() + "/upload"; }
  std::string oss_endpoint() const { return origin(); }

  std::vector<Stored> stored() const;
  /// From now on everything is answered with a 500.
  void break_down();
  /// The last request as it came.
  Message last() const { return server_.last(); }

 private:
  void serve(Call& call);
  void serve_smms(Call& call);
  void serve_picgo(Call& call);
  void serve_imgbed(Call& call);
  void serve_oss(Call& call);
  void keep(Stored one);

  mutable std::mutex mutex_;  // guards what follows
  std::vector<Stored> stored_;
  bool is_broken_ = false;
  FakeUpstream server_;
};

/// A tiny PNG: one pixel.
std::string tiny_png();

}  // namespace gembal::testing
