#include "lib/images/oss_signature.hpp"

#include <gtest/gtest.h>

namespace gembal::images {
namespace {

// The example of the documentation's page about V1 signatures.
TEST(OssSignatureTest, SignsTheOldWayLikeTheDocumentationsExample) {
  OssRequest request;
  request.method = "PUT";
  request.bucket = "oss-example";
  request.key = "nelson";
  request.headers = {{"content-md5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM="},
                     {"content-type", "text/html"},
                     {"date", "Thu, 17 Nov 2005 18:49:58 GMT"},
                     {"x-oss-meta-author", "foo@bar.com"},
                     {"x-oss-magic", "abracadabra"}};
  EXPECT_EQ(oss_signature_v1(request, "44CF9590006BF252F707",
                             Secret("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV")),
            "OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA=");
}

// What the tests of Aliyun's own SDKs expect.
TEST(OssSignatureTest, SignsThePresentWayLikeAliyunsSdks) {
  const TimePoint now{std::chrono::seconds{1702743657}};
  OssRequest request;
  request.method = "PUT";
  request.bucket = "bucket";
  request.key = "1234+-/123/1.txt";
  request.headers = {{"x-oss-head1", "value"},
                     {"abc", "value"},
                     {"zabc", "value"},
                     {"xyz", "value"},
                     {"content-type", "text/plain"},
                     {"x-oss-content-sha256", "UNSIGNED-PAYLOAD"},
                     {"x-oss-date", oss_timestamp(now)}};
  EXPECT_EQ(oss_timestamp(now), "20231216T162057Z");
  EXPECT_EQ(oss_signature_v4(
                request, "ak", Secret("sk"), "cn-hangzhou", now,
                "%2Bparam1=value3&%2Bparam2&%7Cparam1=value4&%7Cparam2&param1=value1&param2"),
            "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,Signature="
            "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe");
}

TEST(OssSignatureTest, AnObjectsNameKeepsItsSlashes) {
  EXPECT_EQ(oss_path("2026/11/a b+.png"), "2026/11/a%20b%2B.png");
  EXPECT_EQ(oss_path("plain.png"), "plain.png");
  EXPECT_EQ(oss_path(""), "");
}

}  // namespace
}  // namespace gembal::images
