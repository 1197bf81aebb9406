#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "lib/images/upload.hpp"
#include "tests/support/picture_hosts.hpp"

namespace gembal::images {
namespace {

using testing::PictureHosts;

async::Task<void> upload_into(http::Client& client, const Options& options, const Picture& picture,
                              std::optional<Result<std::string>>& result, async::Loop& loop) {
  async::Interrupt interrupt;
  const auto host = make_host(options);
  const TimePoint now{std::chrono::seconds{1'795'600'000}};  // 25 Nov 2026
  auto uploaded = co_await upload(client, *host, picture, now, interrupt);
  result.emplace(std::move(uploaded));
  loop.stop();
}

Result<std::string> upload_to(const Options& options, const std::string& bytes,
                              const std::string& type = "image/png") {
  async::Loop loop;
  const Picture picture{type, base64_encode(bytes)};
  std::optional<Result<std::string>> result;
  {
    http::Client client(loop, {});
    loop.spawn(upload_into(client, options, picture, result, loop));
    loop.run();
  }
  return *result;
}

/// Everything set as the stand-ins want it.
Options options_for(const PictureHosts& hosts, const std::string& which) {
  Options options;
  options.upload = which;
  options.smms_url = hosts.smms_url();
  options.smms_token = Secret(PictureHosts::kSmMsToken);
  options.picgo_url = hosts.picgo_url();
  options.picgo_api_key = Secret(PictureHosts::kPicGoKey);
  options.imgbed_url = hosts.imgbed_url();
  options.imgbed_auth_code = Secret(PictureHosts::kImgBedCode);
  options.imgbed_folder = "gembal";
  options.oss_endpoint = hosts.oss_endpoint();
  options.oss_access_key = PictureHosts::kOssId;
  options.oss_access_key_secret = Secret(PictureHosts::kOssSecret);
  options.oss_bucket = PictureHosts::kOssBucket;
  return options;
}

constexpr const char* kHosts[] = {"smms", "picgo", "cloudflare_imgbed", "aliyun_oss"};

TEST(HostsTest, EachTakesThePictureAndGivesItsAddress) {
  for (const std::string which : kHosts) {
    SCOPED_TRACE(which);
    PictureHosts hosts;
    std::string bytes = testing::tiny_png() + std::string("\r\n--boundary\0x", 14);
    const auto address = upload_to(options_for(hosts, which), bytes);
    ASSERT_TRUE(address) << address.error().message;
    const auto stored = hosts.stored();
    ASSERT_EQ(stored.size(), 1u);
    EXPECT_EQ(*address, stored[0].address);
    EXPECT_EQ(stored[0].bytes, bytes);
    EXPECT_EQ(stored[0].media_type, "image/png");
    EXPECT_TRUE(stored[0].name.ends_with(".png")) << stored[0].name;
    EXPECT_EQ(hosts.last().start.find(PictureHosts::kPicGoKey), std::string::npos);
    EXPECT_EQ(hosts.last().start.find(PictureHosts::kImgBedCode), std::string::npos);
  }
}

TEST(HostsTest, ObjectsAreSortedByDayAndPublic) {
  PictureHosts hosts;
  auto options = options_for(hosts, "aliyun_oss");
  for (const std::string region : {"", "cn-hangzhou", "oss-cn-hangzhou"}) {
    SCOPED_TRACE(region);
    options.oss_region = region;
    const auto address = upload_to(options, testing::tiny_png(), "image/jpeg");
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_TRUE(hosts.stored().back().name.starts_with("2026/11/25/"))
        << hosts.stored().back().name;
    EXPECT_TRUE(address->ends_with(".jpg"));
    EXPECT_EQ(hosts.last().header("x-oss-object-acl"), "public-read");
  }
}

TEST(HostsTest, ABucketIsANameBelowTheEndpoints) {
  const struct {
    const char* name;
    const char* endpoint;
    const char* url;
  } cases[] = {
      {"a bare name", "oss-cn-hangzhou.aliyuncs.com",
       "https://pictures.oss-cn-hangzhou.aliyuncs.com/2026/11/25/x.png"},
      {"with http", "http://oss-cn-hangzhou.aliyuncs.com/",
       "http://pictures.oss-cn-hangzhou.aliyuncs.com/2026/11/25/x.png"},
      {"an address in numbers", "http://10.0.0.1:9000",
       "http://10.0.0.1:9000/pictures/2026/11/25/x.png"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Options options;
    options.upload = "aliyun_oss";
    options.oss_endpoint = c.endpoint;
    options.oss_bucket = "pictures";
    options.oss_access_key = "id";
    options.oss_access_key_secret = Secret("secret");
    const Picture picture{"image/png", "aGk="};
    const auto request =
        make_host(options)->request({picture, "x", TimePoint{std::chrono::seconds{1'795'600'000}}});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->url, c.url);
  }
}

TEST(HostsTest, APictureThatSmMsHasAlreadyIsWhereItWas) {
  PictureHosts hosts;
  const auto options = options_for(hosts, "smms");
  const auto first = upload_to(options, testing::tiny_png());
  const auto second = upload_to(options, testing::tiny_png());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
}

TEST(HostsTest, ReadsTheOtherShapesOfReplies) {
  Options options;
  options.imgbed_url = "https://img.example/upload";
  const Picture picture{"image/png", ""};
  const Upload upload{picture, "x", {}};
  const struct {
    const char* name;
    const char* host;
    const char* body;
    const char* address;  // "" when there is none
  } cases[] = {
      {"S.EE has a number as its code", "smms",
       R"({"code":200,"success":true,"data":{"url":"https://i.see.you/x.png"}})",
       "https://i.see.you/x.png"},
      {"the PicGo application's own server", "picgo",
       R"({"success":true,"result":["https://i.example/x.png"]})", "https://i.example/x.png"},
      {"an ImgBed that names the place below its address", "cloudflare_imgbed",
       R"([{"src":"/file/x.png"}])", "https://img.example/file/x.png"},
      {"no JSON", "smms", "<html></html>", ""},
      {"no address", "picgo", R"({"image":{}})", ""},
      {"an address that is none", "cloudflare_imgbed", R"x([{"src":"javascript:alert(1)"}])x", ""},
      {"an address that breaks out of a link", "smms",
       R"x({"success":true,"data":{"url":"https://x/\"><script>"}})x", ""},
      {"an empty list", "cloudflare_imgbed", "[]", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    options.upload = c.host;
    const auto address = make_host(options)->address(200, c.body, upload);
    EXPECT_EQ(address ? *address : "", c.address);
    if (!address) EXPECT_EQ(address.error().kind, ErrorKind::upstream);
  }
}

TEST(HostsTest, SaysWhyAHostRefusedWithoutTellingItsSecret) {
  const struct {
    const char* host;
    const char* words;
  } cases[] = {
      {"smms", "SM.MS failed: it answered 200: Unauthorized."},
      {"picgo", "PicGo failed: it answered 400: Invalid API key."},
      {"cloudflare_imgbed", "Cloudflare ImgBed failed: it answered 401: Unauthorized"},
      {"aliyun_oss", "Aliyun OSS failed: it answered 403: SignatureDoesNotMatch"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.host);
    PictureHosts hosts;
    auto options = options_for(hosts, c.host);
    options.smms_token = options.picgo_api_key = options.imgbed_auth_code =
        options.oss_access_key_secret = Secret("wrong-secret");
    const auto address = upload_to(options, testing::tiny_png());
    ASSERT_FALSE(address);
    EXPECT_NE(address.error().message.find(c.words), std::string::npos) << address.error().message;
    EXPECT_EQ(address.error().message.find("wrong-secret"), std::string::npos);
    EXPECT_TRUE(hosts.stored().empty());
  }
}

TEST(HostsTest, FailsWhenAHostIsBrokenOrGone) {
  for (const std::string which : kHosts) {
    SCOPED_TRACE(which);
    PictureHosts hosts;
    hosts.break_down();
    auto options = options_for(hosts, which);
    const auto broken = upload_to(options, testing::tiny_png());
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().message.find("it answered 500"), std::string::npos)
        << broken.error().message;
  }
  Options options;
  options.upload = "smms";
  options.smms_url = "http://127.0.0.1:1/upload";
  options.smms_token = Secret("t");
  EXPECT_FALSE(upload_to(options, testing::tiny_png()));
}

TEST(HostsTest, NamesTheSettingThatIsMissing) {
  for (const auto& [which, setting] :
       {std::pair{"smms", "images.smms_token"}, std::pair{"picgo", "images.picgo_url"},
        std::pair{"cloudflare_imgbed", "images.cloudflare_imgbed_url"},
        std::pair{"aliyun_oss", "images.oss_endpoint"}}) {
    Options options;
    options.upload = which;
    const auto address = upload_to(options, testing::tiny_png());
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().kind, ErrorKind::config);
    EXPECT_NE(address.error().message.find(setting), std::string::npos);
  }
}

}  // namespace
}  // namespace gembal::images
