#include "daemon/kept.hpp"

#include <gtest/gtest.h>

#include <future>

#include "tests/support/temp_dir.hpp"

namespace gembal::daemon {
namespace {

using std::chrono::hours;
using testing::TempDir;

const TimePoint kNow = *parse_iso8601("2026-11-24T20:00:00Z");
constexpr auto kSignature = KeptKind::signature;
constexpr auto kResponse = KeptKind::response;

/// "value", "forgotten", or "unknown".
std::string known(KeptMemory& memory, KeptKind kind, const std::string& name,
                  TimePoint now = kNow) {
  const auto found = memory.find(kind, name, now);
  if (!found) return "unknown";
  return found->value.value_or("forgotten");
}

TEST(KeptMemoryTest, WithoutAStoreEverythingIsInMemoryForItsTime) {
  KeptMemory memory;
  memory.remember(kSignature, "call_a", "s", kNow);
  memory.remember(kResponse, "call_a", "{}", kNow);
  EXPECT_EQ(known(memory, kSignature, "call_a"), "s");
  EXPECT_EQ(known(memory, kResponse, "call_a"), "{}");
  EXPECT_EQ(known(memory, kSignature, "call_a", kNow + hours{48}), "unknown");
  EXPECT_EQ(known(memory, kResponse, "call_a", kNow + hours{48}), "{}");
  memory.forget(kResponse, "call_a");
  EXPECT_EQ(known(memory, kResponse, "call_a"), "unknown");
  EXPECT_TRUE(memory.take().empty());
}

TEST(KeptMemoryTest, ANameThatIsEmptyOrTooLongIsNotKept) {
  KeptMemory memory;
  memory.write_behind();
  memory.remember(kSignature, "", "s", kNow);
  memory.remember(kSignature, std::string(257, 'x'), "s", kNow);
  EXPECT_EQ(known(memory, kSignature, ""), "unknown");
  EXPECT_TRUE(memory.take().empty());
}

TEST(KeptMemoryTest, WhatTheStoreDoesNotHaveYetIsKnownHere) {
  KeptMemory memory;
  memory.write_behind();
  memory.remember(kResponse, "a", "1", kNow);
  memory.remember(kResponse, "b", "1", kNow);
  EXPECT_EQ(known(memory, kResponse, "a"), "1");
  EXPECT_EQ(memory.take().size(), 2u);
  EXPECT_EQ(known(memory, kResponse, "a"), "1") << "it is being written";
  memory.remember(kResponse, "a", "2", kNow);
  memory.forget(kResponse, "b");
  EXPECT_EQ(known(memory, kResponse, "a"), "2");
  EXPECT_EQ(known(memory, kResponse, "b"), "forgotten");

  memory.written(false);
  EXPECT_EQ(known(memory, kResponse, "a"), "2") << "what came meanwhile is newer";
  const auto rows = memory.take();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].value, "2");
  EXPECT_EQ(rows[0].kind, "response");
  EXPECT_EQ(rows[0].expires, kNow + hours{720});
  EXPECT_LE(rows[1].expires, kNow);
  memory.written(true);
  EXPECT_EQ(known(memory, kResponse, "a"), "unknown") << "the store has it";
  EXPECT_EQ(memory.take_dropped(), 0u);
}

TEST(KeptMemoryTest, SignaturesStayInMemoryOnceTheyAreWritten) {
  KeptMemory memory;
  memory.write_behind();
  memory.remember(kSignature, "a", "s", kNow);
  EXPECT_EQ(memory.take().size(), 1u);
  memory.written(true);
  EXPECT_EQ(known(memory, kSignature, "a"), "s");
  EXPECT_TRUE(memory.take().empty());
  memory.learn(kSignature, {"signature", "b", "t", kNow + hours{1}});
  memory.learn(kResponse, {"response", "b", "t", kNow + hours{1}});
  EXPECT_EQ(known(memory, kSignature, "b"), "t");
  EXPECT_EQ(known(memory, kResponse, "b"), "unknown");
}

TEST(KeptMemoryTest, AStoreThatTakesNothingCostsNoMoreThanItsBound) {
  KeptMemory memory;
  memory.write_behind();
  const std::string large(1 << 20, 'x');
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 20; ++i)
      memory.remember(kResponse, std::to_string(20 * round + i), large, kNow);
    memory.take();
    memory.written(false);
  }
  EXPECT_EQ(known(memory, kResponse, "0").size(), large.size()) << "the oldest are kept";
  const auto dropped = memory.take_dropped();
  EXPECT_GT(dropped, 15u);
  memory.forget(kResponse, "0");
  EXPECT_EQ(known(memory, kResponse, "0"), "forgotten") << "for that there is always room";
  EXPECT_EQ(memory.take().size() + dropped, 80u);
}

/// Two daemons on one store: what one has remembered and written, the other reads.
class KeptTest : public ::testing::Test {
 protected:
  void run(async::Task<void> task) {
    loop_.context().restart();
    loop_.spawn(std::move(task));
    loop_.run();
  }
  void write() {
    auto store = store::KeyStore::open(path_);
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->write({{}, {}, {}, memory_.take()}));
    memory_.written(true);
  }
  async::Task<void> read(Kept& kept, KeptKind kind, std::string name) {
    auto found = co_await kept.read(loop_, kind, std::move(name));
    text_ = found ? found->value_or("unknown") : "error: " + found.error().message;
    loop_.stop();
  }
  async::Task<void> load(Kept& kept, std::vector<std::string> names) {
    co_await kept.load(loop_, kSignature, std::move(names));
    loop_.stop();
  }

  TempDir folder_;
  const std::string path_ = folder_.file("x.db");
  async::Loop loop_;
  KeptMemory memory_, other_memory_;
  std::string text_;
};

TEST_F(KeptTest, AnotherProcessFindsWhatWasWritten) {
  memory_.write_behind();
  other_memory_.write_behind();
  Kept kept(memory_, [&] { return store::KeyStore::open(path_); });
  Kept other(other_memory_, [&] { return store::KeyStore::open(path_); });
  kept.remember(kResponse, "resp_a", "{}");
  for (const char* name : {"call_a", "call_b"}) kept.remember(kSignature, name, name);
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "{}");
  write();

  for (auto* one : {&kept, &other}) {
    run(read(*one, kResponse, "resp_a"));
    EXPECT_EQ(text_, "{}");
    run(read(*one, kResponse, "resp_b"));
    EXPECT_EQ(text_, "unknown");
  }
  EXPECT_EQ(other.find(kSignature, "call_a"), std::nullopt);
  run(load(other, {"call_a", "", "call_b", "call_c"}));
  EXPECT_EQ(other.find(kSignature, "call_a"), "call_a");
  EXPECT_EQ(other.find(kSignature, "call_b"), "call_b");
  EXPECT_EQ(other.find(kSignature, "call_c"), std::nullopt);

  kept.forget(kResponse, "resp_a");
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "unknown") << "before it is written";
  write();
  run(read(other, kResponse, "resp_a"));
  EXPECT_EQ(text_, "unknown");
}

TEST_F(KeptTest, WithoutAStoreNothingIsAsked) {
  Kept kept(memory_, nullptr);
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "unknown");
  kept.remember(kResponse, "resp_a", "{}");
  run(load(kept, {"call_a"}));
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "{}");
}

TEST_F(KeptTest, AStoreThatStallsKeepsNobodyForLong) {
  std::promise<void> go;
  Kept kept(memory_, [&] {
    go.get_future().wait();
    return store::KeyStore::open(path_);
  });
  run(load(kept, {"call_a"}));
  EXPECT_EQ(kept.find(kSignature, "call_a"), std::nullopt);
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "error: the key store does not answer");
  go.set_value();
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "unknown");
}

TEST_F(KeptTest, AStoreThatCannotBeOpenedIsTriedAgain) {
  int tries = 0;
  Kept kept(memory_, [&]() -> Result<store::KeyStore> {
    if (++tries == 1) return Error{ErrorKind::store, "no such luck", ""};
    return store::KeyStore::open(path_);
  });
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "error: no such luck");
  run(read(kept, kResponse, "resp_a"));
  EXPECT_EQ(text_, "unknown");
}

}  // namespace
}  // namespace gembal::daemon
