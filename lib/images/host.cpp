#include "lib/images/host.hpp"

#include "lib/core/picture.hpp"
#include "lib/core/text.hpp"
#include "lib/images/aliyun_oss.hpp"
#include "lib/images/cloudflare_imgbed.hpp"
#include "lib/images/picgo.hpp"
#include "lib/images/smms.hpp"

namespace gembal::images {

std::string Upload::file_name() const {
  return name + "." + std::string(picture_extension(picture.media_type));
}

std::unique_ptr<Host> make_host(const Options& options) {
  if (options.upload == "smms") return std::make_unique<SmMs>(options);
  if (options.upload == "picgo") return std::make_unique<PicGo>(options);
  if (options.upload == "cloudflare_imgbed") return std::make_unique<CloudflareImgBed>(options);
  if (options.upload == "aliyun_oss") return std::make_unique<AliyunOss>(options);
  return nullptr;
}

Result<std::string> checked_address(std::string_view address) {
  const bool is_web = address.starts_with("https://") || address.starts_with("http://");
  if (!is_web || address.find_first_of(" \t\r\n\"<>") != std::string_view::npos)
    return Error{ErrorKind::upstream, "its reply has no address of the picture", ""};
  return std::string(address);
}

Error missing(std::string_view setting) {
  return {ErrorKind::config, std::string(setting) + " is not set", ""};
}

Error refused(int status, std::string_view words) {
  words = trim(words.substr(0, 200));
  std::string message = "it answered " + std::to_string(status);
  if (!words.empty()) message.append(": ").append(words);
  return {ErrorKind::upstream, std::move(message), ""};
}

}  // namespace gembal::images
