#include "lib/http/link.hpp"

#include <gtest/gtest.h>

namespace gembal::http {
namespace {

TEST(LinkTest, ReadsWhatIsALinkOnTheWeb) {
  const struct {
    const char* url;
    const char* host;
    int port;
    const char* shown;
  } cases[] = {
      {"https://example.com/a.png", "example.com", 443, "https://example.com/a.png"},
      {" https://Example.COM/a.png?token=x#y ", "example.com", 443, "https://Example.COM/a.png"},
      {"http://example.com:8080", "example.com", 8080, "http://example.com:8080/"},
      {"HTTPS://example.com./", "example.com", 443, "https://example.com./"},
      {"http://[::1]:81/x", "::1", 81, "http://[::1]:81/x"},
      {"http://2130706433/", "127.0.0.1", 80, "http://127.0.0.1/"},
      {"http://0x7f.1/", "127.0.0.1", 80, "http://127.0.0.1/"},
      {"http://0177.0.0.1/", "127.0.0.1", 80, "http://127.0.0.1/"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.url);
    const auto link = read_link(c.url);
    ASSERT_TRUE(link);
    EXPECT_EQ(link->host, c.host);
    EXPECT_EQ(link->port, c.port);
    EXPECT_EQ(link->shown, c.shown);
    EXPECT_EQ(link->url.find('#'), std::string::npos);
  }
  EXPECT_EQ(read_link("https://example.com/a?b=c#d")->url, "https://example.com/a?b=c");
  EXPECT_LT(read_link("https://example.com/" + std::string(1'000, 'x'))->shown.size(), 200u);
}

TEST(LinkTest, TakesNothingElse) {
  for (const char* url :
       {"", "example.com", "//example.com", "ftp://example.com/", "file:///etc/passwd",
        "gs://bucket/x", "data:,x", "https://", "http://user@example.com/",
        "http://user:pass@example.com/", "http://a b/", "http://example.com/a\r\nx: y",
        "http://example.com\\@127.0.0.1/", "http://example.com:99999/", "javascript:alert(1)"})
    EXPECT_FALSE(read_link(url)) << url;
  EXPECT_FALSE(read_link("https://example.com/" + std::string(10'000, 'x')));
}

TEST(LinkTest, FollowsRedirects) {
  const auto link = *read_link("https://example.com/a/b.png?x=y");
  const struct {
    const char* location;
    const char* url;  // "": it leads nowhere
  } cases[] = {
      {"https://other.example/c", "https://other.example/c"},
      {"//other.example/c", "https://other.example/c"},
      {"/c", "https://example.com/c"},
      {"c", "https://example.com/a/c"},
      {"../c?d", "https://example.com/c?d"},
      {"http://127.0.0.1/", "http://127.0.0.1/"},
      {"file:///etc/passwd", ""},
      {"http://user@example.com/", ""},
      {"/a b", ""},
  };
  for (const auto& c : cases) {
    const auto next = follow(link, c.location);
    EXPECT_EQ(next ? next->url : "", c.url) << c.location;
  }
}

}  // namespace
}  // namespace gembal::http
