// Where stores are: paths and URLs, and what of them people see.

#include "tests/store/store_support.hpp"

namespace gembal::store {
namespace {

TEST(StoreUrlTest, ReadsWhatIsWrittenAndShowsItWithoutThePassword) {
  const auto server = [](DatabaseKind kind, std::string host, int port, std::string user,
                         std::string password, std::string database, std::string socket = "") {
    return Url{kind,
               "",
               std::move(host),
               port,
               std::move(user),
               Secret(std::move(password)),
               std::move(database),
               std::move(socket)};
  };
  const auto mysql = DatabaseKind::mysql, postgresql = DatabaseKind::postgresql;
  const struct {
    const char* text;
    Url expected;
    const char* shown;
  } cases[] = {
      {"", {}, ""},
      {"/var/lib/gembal/gembal.db",
       {DatabaseKind::sqlite, "/var/lib/gembal/gembal.db"},
       "/var/lib/gembal/gembal.db"},
      {"sqlite:///a b.db", {DatabaseKind::sqlite, "/a b.db"}, "/a b.db"},
      {"sqlite://a.db", {DatabaseKind::sqlite, "a.db"}, "a.db"},
      {"mysql://gembal:secret@db.example:3307/keys",
       server(mysql, "db.example", 3307, "gembal", "secret", "keys"),
       "mysql://gembal:…@db.example:3307/keys"},
      {"mariadb://gembal@db/keys", server(mysql, "db", 0, "gembal", "", "keys"),
       "mysql://gembal@db/keys"},
      {"postgres://gembal:s%40cr%3Aet%2F@[::1]:5433/keys",
       server(postgresql, "::1", 5433, "gembal", "s@cr:et/", "keys"),
       "postgresql://gembal:…@[::1]:5433/keys"},
      {"postgresql://a:b@c@host/keys", server(postgresql, "host", 0, "a", "b@c", "keys"),
       "postgresql://a:…@host/keys"},
      {"mysql://gembal:x@/keys?socket=/run/mysqld/mysqld.sock",
       server(mysql, "", 0, "gembal", "x", "keys", "/run/mysqld/mysqld.sock"),
       "mysql://gembal:…@/keys?socket=/run/mysqld/mysqld.sock"},
      {"postgresql:///keys?socket=/run/postgresql",
       server(postgresql, "", 0, "", "", "keys", "/run/postgresql"),
       "postgresql:///keys?socket=/run/postgresql"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto url = parse_url(c.text);
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(*url, c.expected);
    EXPECT_EQ(shown(*url), c.shown);
  }
}

TEST(StoreUrlTest, SaysTheFormsAndNothingOfWhatWasGiven) {
  for (const char* text : {
           "oracle://gembal:secret@db/keys",
           "mysql://gembal:secret@db",
           "mysql://gembal:secret@db/",
           "mysql://gembal:secret@/keys",
           "mysql://gembal:secret@db:port/keys",
           "mysql://gembal:secret@db:0/keys",
           "mysql://gembal:secret@db:65536/keys",
           "mysql://gembal:secret@[::1/keys",
           "mysql://gembal:secret@db/keys/more",
           "mysql://gembal:se/cret@db/keys",
           "postgresql://gembal:secret@db/keys?sslmode=secret",
       }) {
    SCOPED_TRACE(text);
    const auto url = parse_url(text);
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().kind, ErrorKind::config);
    EXPECT_NE(url.error().message.find("postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
              std::string::npos);
    for (const auto& said : {url.error().message, url.error().hint})
      EXPECT_EQ(said.find("secret"), std::string::npos) << said;
    EXPECT_EQ(KeyStore::open(std::string(text)).error().kind, ErrorKind::config);
  }
}

}  // namespace
}  // namespace gembal::store
