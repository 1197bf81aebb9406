#include "lib/http/url.hpp"

#include <gtest/gtest.h>

namespace gembal::http {
namespace {

TEST(UrlTest, SplitsBaseUrls) {
  const auto parts = split_base_url("https://g.example:8443/a/v1beta/");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->origin, "https://g.example:8443");
  EXPECT_EQ(parts->path, "/a/v1beta");
  EXPECT_EQ(split_base_url("http://[::1]:9")->origin, "http://[::1]:9");
  for (const char* bad : {"", "g.example", "https://", "ftp://x", "https://u@x/", "https://x/?q",
                          "https://x/#f", "https:///v1"}) {
    EXPECT_FALSE(split_base_url(bad)) << bad;
  }
}

TEST(UrlTest, KnowsLoopback) {
  for (const char* own :
       {"http://127.0.0.1:8", "http://localhost", "http://[::1]:8", "https://127.9.9.9/v1beta/x"})
    EXPECT_TRUE(is_loopback(own)) << own;
  for (const char* other : {"http://128.0.0.1", "http://localhost.example",
                            "http://127.evil.example", "https://g.example"})
    EXPECT_FALSE(is_loopback(other)) << other;
}

}  // namespace
}  // namespace gembal::http
