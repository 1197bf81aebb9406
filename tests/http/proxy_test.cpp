#include "lib/http/proxy.hpp"

#include <gtest/gtest.h>

namespace gembal::http {
namespace {

/// Without the digits that tell logins apart.
std::string without_digits(std::string text) {
  const auto mark = text.find('~');
  return mark == std::string::npos ? text : text.erase(mark, 5);
}

TEST(ProxyTest, ReadsTheFormsThatThereAre) {
  const struct {
    const char* name;
    const char* text;
    const char* address;
    const char* user;
    const char* password;
    const char* redacted;
  } cases[] = {
      {"nobody logs in", "http://p.example:8080", "http://p.example:8080", "", "",
       "http://p.example:8080"},
      {"over TLS, in capitals, with a slash", " HTTPS://P.Example:443/ ", "https://p.example:443",
       "", "", "https://p.example:443"},
      {"a user and a password", "socks5://me:secret@10.0.0.1:1080", "socks5://10.0.0.1:1080", "me",
       "secret", "socks5://…@10.0.0.1:1080"},
      {"a long user is told from others", "http://customer-0001:x@p.example:1",
       "http://p.example:1", "customer-0001", "x", "http://cust…0001@p.example:1"},
      {"a user alone", "socks5h://me@p:1", "socks5h://p:1", "me", "", "socks5h://…@p:1"},
      {"what is escaped", "http://m%40e:p%3a%2F%25@p:1", "http://p:1", "m@e", "p:/%",
       "http://…@p:1"},
      {"what need not be escaped", "http://me:a@b:c/d@p:1", "http://p:1", "me", "a@b:c/d",
       "http://…@p:1"},
      {"an address of version 6", "http://[fe80::1]:3128", "http://[fe80::1]:3128", "", "",
       "http://[fe80::1]:3128"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto proxy = parse_proxy(c.text);
    ASSERT_TRUE(proxy) << proxy.error().message;
    EXPECT_EQ(proxy->address, c.address);
    EXPECT_EQ(proxy->user.reveal(), c.user);
    EXPECT_EQ(proxy->password.reveal(), c.password);
    EXPECT_EQ(without_digits(proxy->redacted()), c.redacted);
    const auto again = parse_proxy(proxy->reveal());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, *proxy);
  }
}

TEST(ProxyTest, LoginsThatLookTheSameAreToldApart) {
  const auto shown = [](const char* text) { return parse_proxy(text)->redacted(); };
  EXPECT_EQ(shown("http://me:one@p:1"), shown("HTTP://me:one@p:1/"));
  EXPECT_NE(shown("http://me:one@p:1"), shown("http://me:two@p:1"));
  EXPECT_NE(shown("http://customer-de-0001:x@p:1"), shown("http://customer-fr-0001:x@p:1"));
}

TEST(ProxyTest, SaysWhatIsWrongWithoutThePassword) {
  const struct {
    const char* name;
    const char* text;
    const char* says;
  } cases[] = {
      {"nothing", "", "no scheme"},
      {"no scheme", "me:hunter2@p.example:8080", "no scheme"},
      {"another scheme", "ftp://me:hunter2@p.example:8080", "scheme other than"},
      {"no port", "http://me:hunter2@p.example", "(http://…@p.example) has no port"},
      {"no number for a port", "http://me:hunter2@p.example:x", "no port from 1"},
      {"port zero", "http://me:hunter2@p.example:0", "no port from 1"},
      {"a port that is too large", "http://me:hunter2@p.example:65536", "no port from 1"},
      {"no host", "http://me:hunter2@:80", "is not [user:password@]host:port"},
      {"a path", "http://me:hunter2@p.example:80/path", "no port from 1"},
      {"the login behind the host", "http://p.example:80:me:hunter2", "is not [user:password@]"},
      {"no user", "http://:hunter2@p.example:80", "no user"},
      {"a line break", "http://me:hunter2%0d%0a@p.example:80", "control characters"},
      {"as it was shown", "http://cust…0001@p.example:80", "a part is hidden"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto proxy = parse_proxy(c.text);
    ASSERT_FALSE(proxy);
    EXPECT_EQ(proxy.error().kind, ErrorKind::config);
    EXPECT_NE(without_digits(proxy.error().message).find(c.says), std::string::npos)
        << proxy.error().message;
    EXPECT_EQ(proxy.error().message.find("hunter2"), std::string::npos) << proxy.error().message;
  }
}

}  // namespace
}  // namespace gembal::http
