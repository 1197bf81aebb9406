// Daemons whose store is on a database server: it goes away and comes back, and several share it.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <set>
#include <thread>

#include "lib/store/key_store.hpp"
#include "tests/e2e/bodies.hpp"
#include "tests/support/database_server.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

constexpr milliseconds kSeen{4'000};  // promised are two seconds; a busy machine may take longer
constexpr milliseconds kLong{60'000};

const std::string kLeaked =
    R"({"error":{"code":403,"message":"Your API key was reported as leaked.","status":"PERMISSION_DENIED"}})";

/// An upstream that refuses one key at a time, and counts what it answered.
class LeakingUpstream {
 public:
  std::string base_url() const { return upstream_.base_url(); }
  void refuse(const std::string& key) {
    const std::lock_guard lock(mutex_);
    refused_ = key;
  }

 private:
  std::mutex mutex_;
  std::string refused_;
  FakeUpstream upstream_{[this](Call& call) {
    bool refuses = false;
    {
      const std::lock_guard lock(mutex_);
      refuses = call.key() == refused_;
    }
    refuses ? call.reply(403, kLeaked) : call.reply(200, kAnswer);
  }};
};

std::string store_at(const std::string& url) { return "[store]\nurl = \"" + url + "\"\n"; }

bool is_disabled(store::KeyStore& store, const std::string& name) {
  const auto keys = store.keys();
  if (!keys) return false;
  for (const auto& key : *keys) {
    if (key.secret.reveal() == name) return key.disabled;
  }
  return false;
}

std::uint64_t counted(store::KeyStore& store) {
  std::uint64_t requests = 0;
  const auto usage = store.usage_since(0);
  if (!usage) return 0;
  for (const auto& row : *usage) requests += row.requests;
  return requests;
}

TEST(DatabasesTest, AServerThatIsKilledUnderLoadCostsNoRequestAndNothingLearned) {
  DatabaseServer server(ServerKind::mariadb);
  const auto url = server.new_database();
  LeakingUpstream upstream;
  TempDir home;
  ASSERT_EQ(
      run(home, {"--store", url, "keys", "add", "--exact"}, "key-one\nkey-two\nkey-late\n").status,
      0);
  Daemon daemon(home, upstream.base_url(), {}, store_at(url));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> answered{0}, failed{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      while (!stop) (daemon.post(kGenerate, kHello).status() == 200 ? answered : failed) += 1;
    });
  }
  const auto some_more = [&] {
    const auto before = answered.load();
    return eventually([&] { return answered >= before + 100; }, kLong);
  };
  EXPECT_TRUE(some_more());
  server.kill();
  upstream.refuse("key-late");  // learned while there is nowhere to write it
  EXPECT_TRUE(daemon.process().says("cannot use the key store", kLong)) << daemon.process().err();
  EXPECT_TRUE(some_more());
  server.start();
  EXPECT_TRUE(daemon.process().says("the key store works again", kLong)) << daemon.process().err();
  EXPECT_TRUE(some_more());
  stop = true;
  clients.clear();
  EXPECT_EQ(failed, 0u);
  auto store = *store::KeyStore::open(url);
  EXPECT_TRUE(eventually([&] { return is_disabled(store, "key-late"); }, kLong));
  EXPECT_TRUE(eventually([&] { return counted(store) >= answered; }, kLong))
      << counted(store) << " of " << answered;
  EXPECT_EQ(daemon.process().err().find(DatabaseServer::kPassword), std::string::npos);
  EXPECT_EQ(daemon.process().out().find("p%40ss"), std::string::npos) << daemon.process().out();
}

TEST(DatabasesTest, ThreeDaemonsShareAStoreAndOneIsKilled) {
  DatabaseServer server(ServerKind::mariadb);
  const auto url = server.new_database();
  LeakingUpstream upstream;
  TempDir homes[3];
  ASSERT_EQ(
      run(homes[0], {"--store", url, "keys", "add", "--exact"}, "key-one\nkey-two\nkey-three\n")
          .status,
      0);
  Daemon one(homes[0], upstream.base_url(), {}, store_at(url));
  Daemon two(homes[1], upstream.base_url(), {}, store_at(url));
  Daemon three(homes[2], upstream.base_url(), {}, store_at(url));
  const auto no_longer_uses = [](Daemon& daemon, const std::string& key) {
    return eventually(
        [&] {
          for (int i = 0; i < 6; ++i) {
            if (daemon.post(kGenerate, kHello).header("x-gembal-key") == Secret(key).id())
              return false;
          }
          return true;
        },
        kSeen);
  };
  auto store = *store::KeyStore::open(url);

  // Found out by one of them alone: the others would get an answer with it.
  upstream.refuse("key-one");
  ASSERT_TRUE(eventually(
      [&] { return one.post(kGenerate, kHello).status() == 200 && is_disabled(store, "key-one"); },
      kLong));
  upstream.refuse("");
  EXPECT_TRUE(no_longer_uses(two, "key-one"));
  EXPECT_TRUE(no_longer_uses(three, "key-one"));

  upstream.refuse("key-two");
  ASSERT_TRUE(eventually(
      [&] {
        return three.post(kGenerate, kHello).status() == 200 && is_disabled(store, "key-two");
      },
      kLong));
  three.process().signal(SIGKILL);
  upstream.refuse("");
  EXPECT_TRUE(no_longer_uses(one, "key-two"));
  EXPECT_TRUE(no_longer_uses(two, "key-two"));
  EXPECT_TRUE(is_disabled(store, "key-one"));
  EXPECT_TRUE(is_disabled(store, "key-two"));
  for (auto* daemon : {&one, &two}) EXPECT_EQ(daemon->post(kGenerate, kHello).status(), 200);
}

/// Clients of a daemon that ask without pause, and what they saw.
class Load {
 public:
  explicit Load(Daemon& daemon) {
    for (int i = 0; i < 2; ++i) {
      clients_.emplace_back([this, &daemon](const std::stop_token& stop) {
        while (!stop.stop_requested()) note(daemon.post(kGenerate, kHello));
      });
    }
  }
  /// From now on what fails is not the daemon's fault.
  void excuse() { excused_ = true; }
  void stop() { clients_.clear(); }
  std::uint64_t answered() const { return answered_; }
  bool answers_some_more() const {
    const auto before = answered();
    return eventually([&] { return answered() >= before + 60; }, kLong);
  }
  std::set<std::string> wrong() const {
    const std::lock_guard lock(mutex_);
    return wrong_;
  }

 private:
  void note(const Message& reply) {
    if (reply.status() == 200 && reply.body == kAnswer) {
      ++answered_;
    } else if (!excused_) {
      const std::lock_guard lock(mutex_);
      wrong_.insert(std::to_string(reply.status()) + " " + reply.body);
    }
  }
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<bool> excused_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::set<std::string> wrong_;
  std::vector<std::jthread> clients_;
};

TEST(DatabasesTest, ThreeDaemonsUnderLoadOutliveOneOfThemAndTheDatabase) {
  DatabaseServer server(ServerKind::mariadb);
  const auto url = server.new_database();
  LeakingUpstream upstream;
  TempDir homes[3];
  ASSERT_EQ(run(homes[0], {"--store", url, "keys", "add", "--exact"},
                "key-1\nkey-2\nkey-3\nkey-4\nkey-5\n")
                .status,
            0);
  Daemon one(homes[0], upstream.base_url(), {}, store_at(url));
  Daemon two(homes[1], upstream.base_url(), {}, store_at(url));
  Daemon three(homes[2], upstream.base_url(), {}, store_at(url));
  Load on_one(one), on_two(two), on_three(three);
  const auto uses = [](Daemon& daemon, const std::set<std::string>& keys) {
    for (int i = 0; i < 8; ++i) {
      for (const auto& key : keys)
        if (daemon.post(kGenerate, kHello).header("x-gembal-key") == Secret(key).id()) return true;
    }
    return false;
  };
  auto store = *store::KeyStore::open(url);
  EXPECT_TRUE(on_three.answers_some_more());

  upstream.refuse("key-1");
  EXPECT_TRUE(eventually([&] { return is_disabled(store, "key-1"); }, kLong));
  on_three.excuse();
  three.process().signal(SIGKILL);
  on_three.stop();
  EXPECT_TRUE(on_one.answers_some_more());

  server.kill();
  upstream.refuse("key-2");  // learned while there is nowhere to write it
  for (auto* daemon : {&one, &two})
    EXPECT_TRUE(daemon->process().says("cannot use the key store", kLong));
  EXPECT_TRUE(on_one.answers_some_more());
  EXPECT_TRUE(on_two.answers_some_more());
  server.start();
  for (auto* daemon : {&one, &two})
    EXPECT_TRUE(daemon->process().says("the key store works again", kLong));
  EXPECT_TRUE(eventually([&] { return is_disabled(store, "key-2"); }, kLong));
  upstream.refuse("");
  for (auto* daemon : {&one, &two})
    EXPECT_TRUE(eventually([&] { return !uses(*daemon, {"key-1", "key-2"}); }, kSeen));
  Daemon again(homes[2], upstream.base_url(), {}, store_at(url));
  EXPECT_FALSE(uses(again, {"key-1", "key-2"}));

  on_one.stop();
  on_two.stop();
  EXPECT_EQ(on_one.wrong(), std::set<std::string>{});
  EXPECT_EQ(on_two.wrong(), std::set<std::string>{});
  EXPECT_EQ(on_three.wrong(), std::set<std::string>{});
  const auto answered = on_one.answered() + on_two.answered();
  EXPECT_TRUE(eventually([&] { return counted(store) >= answered; }, kLong))
      << counted(store) << " of " << answered;
}

TEST(DatabasesTest, CommandsDoWithAServerWhatTheyDoWithAFile) {
  DatabaseServer server(ServerKind::postgresql);
  const auto url = server.new_database();
  TempDir home;
  ASSERT_EQ(
      run(home, {"--store", "here.db", "keys", "add", "--exact"}, "key-one\nkey-two\n").status, 0);
  const auto moved = run(home, {"store", "migrate", "here.db", url, "--json"});
  EXPECT_EQ(moved.status, 0) << moved.err;
  EXPECT_NE(moved.out.find("\"api_keys\":2"), std::string::npos) << moved.out;
  const auto again = run(home, {"store", "migrate", "here.db", url});
  EXPECT_EQ(again.status, 2);
  EXPECT_NE(again.err.find("is not empty"), std::string::npos) << again.err;
  const auto forced = run(home, {"store", "migrate", "here.db", url, "--force"});
  EXPECT_EQ(forced.status, 0) << forced.err;
  EXPECT_NE(forced.out.find("api_keys       2"), std::string::npos) << forced.out;

  const Environment at_server = {{"GEMBAL_STORE_URL", url}};
  EXPECT_EQ(run(home, {"keys", "export"}, "", at_server).out, "key-one\nkey-two\n");
  EXPECT_EQ(run(home, {"config", "set", "pool.max_retries", "5"}, "", at_server).status, 0);
  EXPECT_EQ(run(home, {"config", "get", "pool.max_retries"}, "", at_server).out, "5\n");
  std::string said;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"store", "info"},
                                             {"store", "info", "--json"},
                                             {"config", "show"},
                                             {"config", "path"},
                                             {"config", "get", "store.url"},
                                             {"doctor"}}) {
    const auto finished = run(home, words, "", at_server);
    said += finished.out + finished.err;
  }
  EXPECT_NE(said.find("postgresql://gembal:…@127.0.0.1"), std::string::npos) << said;
  EXPECT_EQ(said.find("p%40ss"), std::string::npos) << said;
  EXPECT_EQ(said.find(DatabaseServer::kPassword), std::string::npos) << said;
}

}  // namespace
}  // namespace gembal::testing
