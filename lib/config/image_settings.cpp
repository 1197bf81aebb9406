#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"

namespace gembal::config {
namespace {

constexpr const char* kImageModel = "gemini-3.1-flash-image";

Setting images_model() {
  auto made = text("images.model", kImageModel,
                   place(&Config::models, &ModelsOptions::rules, &gemini::ModelRules::image_model));
  made.set = [](Config& config, const Values& values) -> std::string {
    if (one(values).empty()) return "must name a model";
    if (one(values).starts_with("imagen"))
      return "must be one of Gemini's image models: Imagen's API is gone";
    config.models.rules.image_model = one(values);
    return "";
  };
  return made;
}

// The original's own default among them, so that its .env goes on working.
std::string without_imagen(const std::string& text) {
  return text.starts_with("imagen") ? kImageModel : text;
}

}  // namespace

std::vector<Setting> image_settings() {
  return {
      flag("downloads.enabled", true, place(&Config::downloads, &DownloadOptions::enabled))
          .means(
              "fetch the images and files that a request links to; else the links go to the model, "
              "which newer ones open themselves"),
      size("downloads.max_size", "20MiB", place(&Config::downloads, &DownloadOptions::max_bytes))
          .means("the most that one link may lead to"),
      duration("downloads.timeout", "30s", place(&Config::downloads, &DownloadOptions::timeout))
          .means("for a link, with its redirects"),
      list("downloads.private_hosts", {},
           place(&Config::downloads, &DownloadOptions::private_hosts))
          .means(
              "hosts, as \"name\" or \"name:port\", that may be fetched from though their addresses "
              "are not public; all others must be"),
      images_model()
          .original("CREATE_IMAGE_MODEL", without_imagen)
          .means("the model that makes pictures when a request names none of Gemini's"),
      choice("images.upload", "self",
             {"self", "none", "smms", "picgo", "cloudflare_imgbed", "aliyun_oss"},
             place(&Config::images, &images::Options::upload))
          .original("UPLOAD_PROVIDER")
          .means(
              "where pictures go for which an address is wanted: self (gembal keeps them), smms, picgo, "
              "cloudflare_imgbed, aliyun_oss, or none: they are sent inline"),
      duration("images.keep", "24h", place(&Config::images, &images::Options::keep))
          .means("how long gembal keeps a picture"),
      size("images.keep_bytes", "1GiB", place(&Config::images, &images::Options::keep_bytes))
          .means("how much gembal keeps of pictures; beyond that the oldest go early"),
      web_address("images.smms_url", "https://sm.ms/api/v2/upload",
                  place(&Config::images, &images::Options::smms_url))
          .means("where SM.MS takes pictures; its successor: https://s.ee/api/v1/file/upload"),
      secret("images.smms_token", place(&Config::images, &images::Options::smms_token))
          .original("SMMS_SECRET_TOKEN")
          .means("token of SM.MS"),
      web_address("images.picgo_url", "https://www.picgo.net/api/1/upload",
                  place(&Config::images, &images::Options::picgo_url))
          .original("PICGO_API_URL")
          .means("where PicGo, or another site made with Chevereto, takes pictures"),
      secret("images.picgo_api_key", place(&Config::images, &images::Options::picgo_api_key))
          .original("PICGO_API_KEY")
          .means("key of PicGo"),
      optional_web_address("images.cloudflare_imgbed_url",
                           place(&Config::images, &images::Options::imgbed_url))
          .original("CLOUDFLARE_IMGBED_URL")
          .means("where your CloudFlare ImgBed takes pictures, with its path: https://…/upload"),
      secret("images.cloudflare_imgbed_auth_code",
             place(&Config::images, &images::Options::imgbed_auth_code))
          .original("CLOUDFLARE_IMGBED_AUTH_CODE")
          .means("its authorisation code, when it has one"),
      text("images.cloudflare_imgbed_folder", "",
           place(&Config::images, &images::Options::imgbed_folder))
          .original("CLOUDFLARE_IMGBED_UPLOAD_FOLDER")
          .means("the folder there"),
      text("images.oss_endpoint", "", place(&Config::images, &images::Options::oss_endpoint))
          .original("OSS_ENDPOINT")
          .means("Aliyun's object storage: its address, as in oss-cn-hangzhou.aliyuncs.com"),
      text("images.oss_access_key", "", place(&Config::images, &images::Options::oss_access_key))
          .original("OSS_ACCESS_KEY")
          .means("id of the access key there"),
      secret("images.oss_access_key_secret",
             place(&Config::images, &images::Options::oss_access_key_secret))
          .original("OSS_ACCESS_KEY_SECRET")
          .means("its secret"),
      text("images.oss_bucket", "", place(&Config::images, &images::Options::oss_bucket))
          .original("OSS_BUCKET_NAME")
          .means("the bucket; its objects must be allowed to be public"),
      text("images.oss_region", "", place(&Config::images, &images::Options::oss_region))
          .original("OSS_REGION")
          .means(
              "the region, as in cn-hangzhou: requests are signed in the present way (V4); empty: in the old way (V1)"),
  };
}

}  // namespace gembal::config
