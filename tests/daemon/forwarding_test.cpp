#include "daemon/forwarding.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

TEST(UpstreamAddressTest, PutsUrlsTogether) {
  const struct {
    const char* base;
    const char* version;
    const char* path;
    const char* query;
    const char* expected;
  } cases[] = {
      {"https://g.example/v1beta", "v1beta", "/models/m:x", "alt=sse",
       "https://g.example/v1beta/models/m:x?alt=sse"},
      {"https://g.example/v1beta", "v1alpha", "/models", "", "https://g.example/v1alpha/models"},
      {"https://g.example/v1beta/", "v1", "/models", "", "https://g.example/v1/models"},
      {"http://127.0.0.1:9/proxy/v1beta", "v1beta", "/models", "",
       "http://127.0.0.1:9/proxy/v1beta/models"},
      {"https://g.example/v1beta", "", "/download/v1beta/files/x", "",
       "https://g.example/download/v1beta/files/x"},
      {"https://g.example/gemini", "v1beta", "/models", "", "https://g.example/gemini/models"},
  };
  for (const auto& c : cases) {
    const auto address = UpstreamAddress::parse(c.base);
    ASSERT_TRUE(address) << c.base;
    EXPECT_EQ(address->url(c.version, c.path, c.query), c.expected);
  }
}

TEST(UpstreamAddressTest, RefusesWhatIsNoAddress) {
  for (const char* base : {"", "g.example/v1beta", "ftp://g.example", "https://", "https:///v1beta",
                           "https://user:pw@g.example/v1beta"}) {
    const auto address = UpstreamAddress::parse(base);
    ASSERT_FALSE(address) << base;
    EXPECT_EQ(address.error().kind, ErrorKind::config);
    EXPECT_EQ(address.error().message.find("pw"), std::string::npos);
  }
}

TEST(ForwardingTest, ShowsUpstreamOnlyWhatItNeedsToKnow) {
  front::HeadReader reader({});
  ASSERT_EQ(
      reader.read(
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer sk-one\r\n"
          "x-goog-api-key: sk-one\r\nx-api-key: sk-one\r\nCookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\n"
          "X-Goog-Api-Client: genai/1\r\nAccept-Encoding: gzip\r\nx-sandbox-fault: cut\r\nAccept:\r\n\r\n"),
      front::HeadProgress::complete);
  EXPECT_EQ(
      forwarded_headers(reader.head, false),
      (std::vector<std::string>{"Content-Type: application/json", "X-Goog-Api-Client: genai/1"}));
  EXPECT_EQ(forwarded_headers(reader.head, true).back(), "x-sandbox-fault: cut");
}

TEST(ForwardingTest, ReturnsUpstreamsHeadersButNotItsConnection) {
  http::Head head;
  head.status = 200;
  head.headers = {{"content-type", "text/event-stream"},
                  {"transfer-encoding", "chunked"},
                  {"connection", "keep-alive"},
                  {"set-cookie", "NID=1"},
                  {"x-gemini-service-tier", "standard"},
                  {"location", "https://g.example/v1beta/files/x"},
                  {"location", "https://elsewhere.example/x"},
                  {"alt-svc", "h3"},
                  {"server", "ESF"}};
  const auto address = UpstreamAddress::parse("https://g.example/v1beta");
  EXPECT_EQ(returned_headers(head, *address),
            (Headers{{"content-type", "text/event-stream"},
                     {"x-gemini-service-tier", "standard"},
                     {"location", "/v1beta/files/x"},
                     {"location", "https://elsewhere.example/x"}}));
}

}  // namespace
}  // namespace gembal::daemon
