#include <gtest/gtest.h>

#include "lib/core/json.hpp"
#include "lib/core/secret.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

const std::string kKey = "AIzaSyA0123456789abcdefghijklmnopqrstuv";
const std::string kOther = "AIzaSyB0123456789abcdefghijklmnopqrstuv";

Json list(const TempDir& home, std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"keys", "list", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return (*parse_json(run(home, words).out))["keys"];
}

TEST(KeysTest, FindsKeysInAnyText) {
  TempDir home;
  const auto added = run(home, {"keys", "add"},
                         "API_KEYS=[\"" + kKey + "\", '" + kOther + "']\nand again " + kKey + "\n");
  EXPECT_EQ(added.status, 0) << added.err;
  EXPECT_EQ(added.out, "added 2, already there 0\n");
  EXPECT_EQ(run(home, {"keys", "add", "--file", home.write("more.csv", "x;" + kKey + ";y")}).out,
            "added 0, already there 1\n");
  EXPECT_EQ(run(home, {"keys", "add", "--env", "MY_KEY"}, "", {{"MY_KEY", kOther}}).out,
            "added 0, already there 1\n");
  const auto json = run(home, {"keys", "add", "--json", "-"}, kKey);
  EXPECT_EQ((*parse_json(json.out))["present"], 1);
  const auto listed = list(home);
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0]["id"], Secret(kKey).id());
  EXPECT_EQ(listed[0]["key"], "AIza…stuv");
  EXPECT_EQ(listed[0]["status"], "ok");
  EXPECT_EQ(list(home, {"--show"})[0]["key"], kKey);
}

TEST(KeysTest, KeepsWhatItIsTold) {
  TempDir home;
  run(home,
      {"keys", "add", "--exact", "--label", "mine", "--project", "p1", "--paid", "--disabled"},
      "key-one\n");
  const auto key = list(home)[0];
  EXPECT_EQ(key["label"], "mine");
  EXPECT_EQ(key["project"], "p1");
  EXPECT_EQ(key["tier"], "paid");
  EXPECT_EQ(key["status"], "disabled");
  const auto text = run(home, {"keys", "list"}).out;
  EXPECT_NE(text.find("mine"), std::string::npos);
  EXPECT_EQ(text.find("\x1b["), std::string::npos) << "no colour into a pipe";
}

TEST(KeysTest, NamesKeysByIdLabelOrThemselves) {
  TempDir home;
  run(home, {"keys", "add", "--exact", "--label", "first"}, "key-one\n");
  run(home, {"keys", "add", "--exact"}, "key-two\nkey-three\n");
  EXPECT_EQ(run(home, {"keys", "disable", "first"}).out, "disabled 1\n");
  EXPECT_EQ(run(home, {"keys", "disable", Secret("key-two").id().substr(0, 8)}).out,
            "disabled 1\n");
  EXPECT_EQ(list(home, {"--status", "disabled"}).size(), 2u);
  EXPECT_EQ(run(home, {"keys", "enable", "--status", "disabled"}).out, "enabled 2\n");
  EXPECT_EQ(run(home, {"keys", "remove", "key-three", "-q"}).out, "");
  EXPECT_EQ(list(home).size(), 2u);
  const auto unknown = run(home, {"keys", "remove", "key-three", "first"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(list(home).size(), 2u) << "all or nothing";
}

TEST(KeysTest, AKeyThatIsLabelledWithItsOwnNameIsOne) {
  TempDir home;
  run(home, {"keys", "add", "--exact", "--label", "key-one"}, "key-one\n");
  EXPECT_EQ(run(home, {"keys", "disable", "key-one"}).status, 0);
}

TEST(KeysTest, NamesAndExportsKeys) {
  TempDir home;
  run(home, {"keys", "add", "--exact"}, "key-one\nkey-two\n");
  EXPECT_EQ(run(home, {"keys", "label", "key-one", "the first"}).out, "labelled 1\n");
  EXPECT_EQ(list(home)[0]["label"], "the first");
  EXPECT_EQ(run(home, {"keys", "disable", "the first"}).out, "disabled 1\n");
  EXPECT_EQ(run(home, {"keys", "export"}).out, "key-one\nkey-two\n");
  EXPECT_EQ(run(home, {"keys", "export", "--status", "disabled"}).out, "key-one\n");
  const auto exported = run(home, {"keys", "export", "--json"}).out;
  TempDir other;
  EXPECT_EQ(run(other, {"keys", "import"}, exported).out, "added 2, already there 0\n");
  EXPECT_EQ(run(other, {"keys", "export", "--json"}).out, exported)
      << "labels, projects, tiers and who is disabled come along";
  EXPECT_EQ(run(other, {"keys", "import"}, exported).out, "added 0, already there 2\n");
  EXPECT_EQ(run(home, {"keys", "label", "the first", ""}).status, 0);
  EXPECT_EQ(list(home)[0]["label"], "");
  EXPECT_EQ(run(home, {"keys", "label", "key-one"}).status, 2);
}

TEST(KeysTest, ItsOwnerSaysWhatProjectAndTierAKeyIsOf) {
  TempDir home;
  run(home, {"keys", "add", "--exact"}, "key-one\nkey-two\n");
  EXPECT_EQ(run(home, {"keys", "label", "key-one", "--project", "p", "--paid"}).out,
            "labelled 1\n");
  EXPECT_EQ(list(home)[0]["project"], "p");
  EXPECT_EQ(list(home)[0]["tier"], "paid");
  EXPECT_EQ(list(home)[0]["label"], "") << "what was not said stays";
  EXPECT_EQ(run(home, {"keys", "label", "key-one", "first", "--free", "--project", ""}).status, 0);
  EXPECT_EQ(list(home)[0]["project"], "");
  EXPECT_EQ(list(home)[0]["tier"], "free");
  EXPECT_EQ(list(home)[0]["label"], "first");
  EXPECT_EQ(run(home, {"keys", "label", "key-one"}).status, 2);
  EXPECT_EQ(run(home, {"keys", "label", "key-one", "--paid", "--free"}).status, 2);
}

TEST(KeysTest, TellsWhoseTurnItIsAndWhyNotTheOthers) {
  TempDir home;
  const auto none = run(home, {"keys", "why"});
  EXPECT_EQ(none.status, 3);
  EXPECT_NE(none.err.find("gembal keys add"), std::string::npos);
  run(home, {"keys", "add", "--exact"}, "key-one\nkey-two\nkey-three\n");
  run(home, {"keys", "add", "--exact", "--paid"}, "key-paid\n");
  run(home, {"keys", "disable", "key-one"});
  const auto why = run(home, {"keys", "why", "--json", "--model", "models/gemini-2.5-pro"});
  EXPECT_EQ(why.status, 0) << why.err;
  const auto json = parse_json(why.out);
  ASSERT_TRUE(json) << why.out;
  EXPECT_EQ((*json)["model"], "gemini-2.5-pro");
  EXPECT_EQ((*json)["next"], Secret("key-two").id());
  std::vector<std::string> order;
  for (const auto& one : (*json)["keys"]) order.push_back(one["id"].get<std::string>());
  EXPECT_EQ(order, (std::vector<std::string>{Secret("key-two").id(), Secret("key-three").id(),
                                             Secret("key-paid").id(), Secret("key-one").id()}))
      << "free ones in turn, then paid ones, then those that are out";
  EXPECT_EQ((*json)["keys"][3]["reason"], "disabled: disabled by hand");
  const auto text = run(home, {"keys", "why"}).out;
  EXPECT_NE(text.find("next"), std::string::npos) << text;
  EXPECT_NE(text.find("ready, turn 2"), std::string::npos) << text;
  EXPECT_EQ(text.find("key-two"), std::string::npos) << "keys are masked";
  EXPECT_EQ(run(home, {"keys", "why", "--model", "a/b c"}).status, 2);
}

TEST(KeysTest, ImportSaysWhatIsWrongAndThenChangesNothing) {
  const struct {
    const char* name;
    const char* input;
    const char* says;
  } cases[] = {
      {"no JSON", "key-one", "not what 'keys export --json' writes"},
      {"no list", "{}", "not what 'keys export --json' writes"},
      {"no key", R"({"keys":[{"key":"key-one"},{"label":"x"}]})", "key 2 of the input has no"},
      {"an unsendable key", R"({"keys":[{"key":"key\nInjected: yes"}]})", "has blanks"},
      {"an odd tier", R"({"keys":[{"key":"key-one","tier":"gold"}]})", "neither paid nor free"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    TempDir home;
    const auto done = run(home, {"keys", "import"}, c.input);
    EXPECT_EQ(done.status, 2);
    EXPECT_NE(done.err.find(c.says), std::string::npos) << done.err;
    EXPECT_TRUE(list(home).empty()) << "all or nothing";
  }
}

TEST(KeysTest, ADaemonsPaidKeysAreStoredAsSuch) {
  TempDir home;
  run(home, {"keys", "add", "--exact"}, "key-paid\n");
  Process daemon(home, {"serve", "--listen", "127.0.0.1:0"},
                 {{"PAID_KEY", "key-paid"}, {"API_KEYS", "key-free"}});
  ASSERT_TRUE(daemon.says("Try it:"));
  const auto keys = list(home);
  ASSERT_EQ(keys.size(), 2u);
  for (const auto& key : keys)
    EXPECT_EQ(key["tier"], key["id"] == Secret("key-paid").id() ? "paid" : "free");
}

TEST(KeysTest, SaysWhatIsWrongWithItsInput) {
  TempDir home;
  const struct {
    std::vector<std::string> words;
    std::string input;
    const char* says;
  } cases[] = {
      {{"keys", "add"}, "nothing of the kind", "no API key was found"},
      {{"keys", "add"}, "", "no API key was found"},
      {{"keys", "add", "--exact"}, "two words\n", "blanks"},
      {{"keys", "add", "--file", "/nowhere/x"}, "", "/nowhere/x"},
      {{"keys", "add", "--file", "."}, "", "'.'"},
      {{"keys", "add", "--env", "NOT_SET"}, "", "NOT_SET"},
      {{"keys", "remove"}, "", "no keys were named"},
  };
  for (const auto& c : cases) {
    const auto finished = run(home, c.words, c.input);
    SCOPED_TRACE(finished.err);
    EXPECT_NE(finished.status, 0);
    EXPECT_NE(finished.err.find(c.says), std::string::npos);
    EXPECT_EQ(finished.out, "");
  }
}

TEST(KeysTest, ChecksKeysAndSaysHowTheyAre) {
  FakeUpstream upstream([](Call& call) {
    const auto key = call.key();
    if (key == "key-leaked")
      return call.reply(
          403,
          R"({"error":{"code":403,"message":"Your API key was reported as leaked.","status":"PERMISSION_DENIED"}})");
    if (key == "key-limited")
      return call.reply(
          429,
          R"({"error":{"code":429,"message":"Please retry in 9s.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"PerMinute"}]}]}})");
    if (key == "key-nowhere") return call.cut();
    call.reply(200,
               R"({"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]})");
  });
  const Environment environment = {{"BASE_URL", upstream.base_url()}};
  TempDir home;
  EXPECT_EQ(run(home, {"keys", "check"}, "", environment).status, 3) << "no keys";
  run(home, {"keys", "add", "--exact"}, "key-good\n");
  const auto quiet = run(home, {"keys", "check", "-q"}, "", environment);
  EXPECT_EQ(quiet.status, 0) << quiet.err;
  EXPECT_EQ(quiet.out + quiet.err, "") << "cron mails nothing when all is well";
  run(home, {"keys", "add", "--exact"}, "key-leaked\nkey-limited\n");
  const auto bad = run(home, {"keys", "check", "-q"}, "", environment);
  EXPECT_EQ(bad.status, 1);
  EXPECT_NE(bad.out.find("leaked"), std::string::npos) << bad.out;
  EXPECT_EQ(bad.out.find(Secret("key-good").id()), std::string::npos)
      << "only what needs looking at";
  const auto json = *parse_json(run(home, {"keys", "check", "--json"}, "", environment).out);
  EXPECT_EQ(json["usable"], 2);
  EXPECT_EQ(json["bad"], 1);
  EXPECT_EQ(json["keys"][1]["verdict"], "leaked");
  EXPECT_EQ(json["keys"][2]["verdict"], "limited");
  EXPECT_EQ(run(home, {"keys", "check", "--disable"}, "", environment).status, 1);
  EXPECT_EQ(list(home, {"--status", "disabled"}).size(), 1u);
  run(home, {"keys", "remove", Secret("key-good").id(), Secret("key-limited").id()});
  EXPECT_EQ(run(home, {"keys", "check"}, "", environment).status, 3) << "none usable";
  run(home, {"keys", "remove", Secret("key-leaked").id()});
  run(home, {"keys", "add", "--exact"}, "key-nowhere\n");
  EXPECT_EQ(run(home, {"keys", "check"}, "", environment).status, 4) << "could not tell";
}

TEST(KeysTest, ABrokenPipeEndsQuietly) {
  TempDir home;
  std::string many;
  for (int i = 0; i < 3000; ++i) many += "key-" + std::to_string(i) + "\n";
  run(home, {"keys", "add", "--exact"}, many);
  const auto script =
      home.write("pipe.sh", std::string(GEMBAL_BINARY) + " keys list 2>" + home.file("err") +
                                " | head -n 1 >" + home.file("out") + "\n");
  ASSERT_EQ(std::system(("HOME=" + home.path().string() + " XDG_DATA_HOME=" + home.file("data") +
                         " sh " + script)
                            .c_str()),
            0);
  EXPECT_EQ(home.read("err"), "");
  EXPECT_EQ(home.read("out").substr(0, 2), "id");
}

}  // namespace
}  // namespace gembal::testing
