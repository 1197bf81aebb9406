#include "lib/upstream/proxies.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace gembal::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Proxies::Time kNow = Proxies::Time{} + std::chrono::hours{1};

http::Proxy proxy(const std::string& name) {
  http::Proxy made;
  made.address = "http://" + name + ":1";
  return made;
}

std::vector<http::Proxy> proxies(std::initializer_list<const char*> names) {
  std::vector<http::Proxy> made;
  for (const char* name : names) made.push_back(proxy(name));
  return made;
}

std::string name_of(const Exit& exit) {
  if (!exit.proxy) return "none";
  const auto& address = exit.proxy->address;
  return address.substr(7, address.rfind(':') - 7);
}

struct Fixture {
  explicit Fixture(std::initializer_list<const char*> names,
                   ProxyPolicy policy = ProxyPolicy::by_key)
      : all([this](const keypool::Notice& notice) {
          told.push_back((notice.bad ? "- " : "+ ") + notice.about + " " + notice.text);
        }) {
    all.replace(proxies(names), policy);
  }
  Exit choose(const std::string& key, Proxies::Time now = kNow,
              const std::vector<std::uint32_t>& tried = {}) {
    return all.choose(key, tried, now);
  }
  /// A key whose proxy is that one.
  std::string key_of(const std::string& name) {
    for (int i = 0; i < 1000; ++i) {
      auto key = "key-" + std::to_string(i);
      if (name_of(choose(key)) == name) return key;
    }
    return "";
  }
  void fail(const Exit& exit, int times, Proxies::Time now = kNow) {
    for (int i = 0; i < times; ++i) all.failed(exit, "refused", now);
  }
  std::vector<std::string> told;
  Proxies all;
};

TEST(ProxiesTest, WithoutAnyThereIsNothingToChoose) {
  Fixture fixture({});
  EXPECT_FALSE(fixture.all.any());
  EXPECT_EQ(fixture.all.sole(), 0u);
  const auto exit = fixture.choose("key");
  EXPECT_FALSE(exit.proxy);
  EXPECT_EQ(exit.id, 0u);
}

TEST(ProxiesTest, TheSoleOneIsKnown) {
  Fixture fixture({"a"});
  EXPECT_TRUE(fixture.all.any());
  EXPECT_EQ(fixture.all.sole(), fixture.choose("key").id);
  fixture.all.replace(proxies({"a", "b"}), ProxyPolicy::by_key);
  EXPECT_EQ(fixture.all.sole(), std::nullopt);
}

TEST(ProxiesTest, EachKeyKeepsItsExitAndTheExitsShareTheKeys) {
  Fixture fixture({"a", "b", "c", "d"});
  Fixture later({"d", "c", "b", "a"});
  std::map<std::string, int> keys;
  for (int i = 0; i < 4000; ++i) {
    const auto key = "key-" + std::to_string(i);
    const auto name = name_of(fixture.choose(key));
    EXPECT_EQ(name_of(fixture.choose(key)), name);
    EXPECT_EQ(name_of(later.choose(key)), name) << "in another process, in another order";
    ++keys[name];
  }
  for (const auto& [name, count] : keys) EXPECT_NEAR(count, 1000, 150) << name;
}

TEST(ProxiesTest, AChangeMovesNoKeyThatNeedNotMove) {
  const struct {
    const char* name;
    std::initializer_list<const char*> after;
  } cases[] = {
      {"one goes", {"a", "b", "d"}},
      {"one comes", {"a", "b", "c", "d", "e"}},
      {"one for another", {"a", "b", "d", "e"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture fixture({"a", "b", "c", "d"});
    std::vector<std::string> before;
    for (int i = 0; i < 1000; ++i) before.push_back(name_of(fixture.choose(std::to_string(i))));
    fixture.all.replace(proxies(c.after), ProxyPolicy::by_key);
    for (int i = 0; i < 1000; ++i) {
      const auto after = name_of(fixture.choose(std::to_string(i)));
      const bool may_move = before[static_cast<std::size_t>(i)] == "c" || after == "e";
      if (!may_move) EXPECT_EQ(after, before[static_cast<std::size_t>(i)]);
    }
  }
}

TEST(ProxiesTest, ANewPasswordMovesNoKey) {
  http::Proxy old = proxy("a");
  old.user = Secret("me");
  old.password = Secret("old");
  auto changed = old;
  changed.password = Secret("new");
  Proxies before, after;
  before.replace({old, proxy("b")}, ProxyPolicy::by_key);
  after.replace({changed, proxy("b")}, ProxyPolicy::by_key);
  for (int i = 0; i < 100; ++i) {
    const auto key = std::to_string(i);
    EXPECT_EQ(name_of(before.choose(key, {}, kNow)), name_of(after.choose(key, {}, kNow)));
  }
}

TEST(ProxiesTest, AtRandomEachKeyGoesThroughAll) {
  Fixture fixture({"a", "b", "c"}, ProxyPolicy::random);
  std::set<std::string> used;
  for (int i = 0; i < 100; ++i) used.insert(name_of(fixture.choose("key")));
  EXPECT_EQ(used.size(), 3u);
}

TEST(ProxiesTest, OneThatFailsTwiceInARowIsLeftOut) {
  const struct {
    const char* name;
    const char* steps;
    bool is_out;
  } cases[] = {
      {"once", "f", false},
      {"twice", "ff", true},
      {"not in a row", "fwf", false},
      {"twice in a row at last", "fwff", true},
      {"and it answered again", "ffw", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture fixture({"a", "b"});
    const auto key = fixture.key_of("a");
    const auto exit = fixture.choose(key);
    for (const char* step = c.steps; *step; ++step) {
      if (*step == 'f') fixture.fail(exit, 1);
      if (*step == 'w') fixture.all.worked(exit);
    }
    EXPECT_EQ(name_of(fixture.choose(key)), c.is_out ? "b" : "a");
    EXPECT_EQ(fixture.all.has_other({fixture.choose(fixture.key_of("b")).id}), !c.is_out);
  }
}

TEST(ProxiesTest, ItIsAskedAgainByOneTryLessAndLessOften) {
  Fixture fixture({"a", "b"});
  const auto key = fixture.key_of("a");
  fixture.fail(fixture.choose(key), 2);
  auto now = kNow;
  for (const int pause : {5, 10, 20, 40, 80, 160, 300, 300}) {
    SCOPED_TRACE(pause);
    EXPECT_EQ(name_of(fixture.choose(key, now + seconds{pause} - milliseconds{1})), "b");
    now += seconds{pause};
    const auto probe = fixture.choose(key, now);
    EXPECT_EQ(name_of(probe), "a");
    EXPECT_TRUE(probe.is_probe);
    EXPECT_EQ(name_of(fixture.choose(key, now)), "b") << "one is under way";
    fixture.fail(probe, 1, now);
  }
  now += seconds{300};
  fixture.all.worked(fixture.choose(key, now));
  EXPECT_EQ(name_of(fixture.choose(key, now)), "a");
  EXPECT_FALSE(fixture.choose(key, now).is_probe);
  EXPECT_EQ(fixture.told, (std::vector<std::string>{"- http://a:1 a proxy does not work: refused",
                                                    "+ http://a:1 a proxy works again"}))
      << "each once";
}

TEST(ProxiesTest, AProbeThatTellsNothingIsFollowedByAnother) {
  Fixture fixture({"a", "b"});
  const auto key = fixture.key_of("a");
  fixture.fail(fixture.choose(key), 2);
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{5})), "a");
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{9})), "b");
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{10})), "a");
}

TEST(ProxiesTest, WhatBeganBeforeDoesNotProlongIt) {
  Fixture fixture({"a", "b"});
  const auto key = fixture.key_of("a");
  fixture.fail(fixture.choose(key), 20);
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{5})), "a");
}

TEST(ProxiesTest, WhenAllAreLeftOutTheOneThatIsDueFirstIsTried) {
  Fixture fixture({"a", "b"});
  const auto key = fixture.key_of("a");
  const auto a = fixture.choose(key);
  const auto b = fixture.choose(fixture.key_of("b"));
  fixture.fail(b, 2, kNow);
  fixture.fail(a, 2, kNow + seconds{1});
  EXPECT_FALSE(fixture.all.has_other({}));
  const auto first = fixture.choose(key, kNow + seconds{2});
  EXPECT_EQ(name_of(first), "b");
  EXPECT_TRUE(first.is_probe);
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{2})), "a") << "then the other";
  EXPECT_NE(name_of(fixture.choose(key, kNow + seconds{2}, {a.id, b.id})), "none")
      << "also when one request has tried them all";
}

TEST(ProxiesTest, OneThatUpstreamRefusesIsLeftOutAtOnceAndLonger) {
  Fixture fixture({"a", "b"});
  const auto key = fixture.key_of("a");
  const auto exit = fixture.choose(key);
  fixture.all.refused(exit, "region", kNow);
  fixture.all.worked(exit);
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{79})), "b")
      << "what it still answered is of before";
  auto probe = fixture.choose(key, kNow + seconds{80});
  EXPECT_EQ(name_of(probe), "a");
  fixture.all.refused(probe, "region", kNow + seconds{80});
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{239})), "b");
  probe = fixture.choose(key, kNow + seconds{240});
  EXPECT_EQ(name_of(probe), "a");
  fixture.all.worked(probe);
  EXPECT_EQ(name_of(fixture.choose(key, kNow + seconds{240})), "a");
  ASSERT_EQ(fixture.told.size(), 2u);
  EXPECT_NE(fixture.told[0].find("region"), std::string::npos);
}

TEST(ProxiesTest, TheOnlyOneIsNotLeftOutForARefusal) {
  Fixture fixture({"a"});
  fixture.all.refused(fixture.choose("key"), "region", kNow);
  EXPECT_FALSE(fixture.choose("key").is_probe);
  EXPECT_TRUE(fixture.told.empty());
}

TEST(ProxiesTest, WhatIsKnownOfAProxyStaysWhenTheListChanges) {
  Fixture fixture({"a", "b"});
  const auto key = fixture.key_of("a");
  const auto exit = fixture.choose(key);
  fixture.fail(exit, 2);
  fixture.all.replace(proxies({"b", "a", "a"}), ProxyPolicy::by_key);
  EXPECT_NE(name_of(fixture.choose(key)), "a");
  EXPECT_EQ(fixture.choose(key, kNow + minutes{1}, {}).id, exit.id);
  fixture.all.replace(proxies({"b", "c"}), ProxyPolicy::by_key);
  fixture.all.worked(exit);  // of one that has left
  fixture.fail(exit, 2);
  EXPECT_EQ(fixture.told.size(), 1u);
}

}  // namespace
}  // namespace gembal::upstream
