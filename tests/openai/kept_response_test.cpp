#include "lib/openai/kept_response.hpp"

#include <gtest/gtest.h>

namespace gembal::openai {
namespace {

Json json(const char* text) { return *parse_json(text); }

KeptResponse example() {
  KeptResponse kept;
  kept.owner = "client-one";
  kept.response = json(
      R"({"id":"resp_aa","status":"completed","previous_response_id":"resp_99","output":[{"id":"old"}],"usage":null})");
  kept.input = json(R"([{"id":"a"},{"id":"b"},{"id":"c","signature":"S"}])");
  kept.output = json(R"([{"id":"msg_aao0","type":"message","signature":"SIG"}])");
  kept.alive = 5;
  return kept;
}

std::string ids(const Json& list) {
  std::string all;
  for (const auto& item : list["data"]) all += string_in(item, "id");
  return all + (list["has_more"] == true ? "+" : "");
}

TEST(KeptResponseTest, ComesBackAsItWas) {
  const auto kept = read_kept_response(write_kept_response(example()));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->owner, "client-one");
  EXPECT_EQ(kept->status(), "completed");
  EXPECT_EQ(kept->previous(), "resp_99");
  EXPECT_EQ(kept->alive, 5);
  EXPECT_EQ(kept->input, example().input);
  EXPECT_EQ(kept->output, example().output);
  for (const char* text : {"", "[]", "{}", R"({"response":{},"input":[],"output":5})"})
    EXPECT_FALSE(read_kept_response(text)) << text;
}

TEST(KeptResponseTest, IsShownWithoutWhatIsOurs) {
  EXPECT_EQ(
      shown(*read_kept_response(write_kept_response(example()))),
      json(
          R"({"id":"resp_aa","status":"completed","previous_response_id":"resp_99","output":[{"id":"msg_aao0","type":"message"}],"usage":null})"));
}

TEST(KeptResponseTest, FindsItems) {
  const auto kept = example();
  EXPECT_EQ(string_in(*item_in(kept, "msg_aao0"), "signature"), "SIG");
  EXPECT_EQ(string_in(*item_in(kept, "b"), "id"), "b");
  EXPECT_EQ(item_in(kept, "z"), nullptr);
}

TEST(KeptResponseTest, ListsItsInputInPages) {
  const struct {
    const char* name;
    ItemPage page;
    const char* ids;
  } cases[] = {
      {"the latest first", {}, "cba"},
      {"from the beginning", {20, true, ""}, "abc"},
      {"a page", {2, true, ""}, "ab+"},
      {"the next one", {2, true, "b"}, "c"},
      {"backwards", {1, false, "c"}, "b+"},
      {"after the last", {20, true, "c"}, ""},
      {"after what is not there", {20, true, "z"}, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ids(list_input(example(), c.page)), c.ids);
  }
  const Json list = list_input(example(), {2, true, ""});
  EXPECT_EQ(list["object"], "list");
  EXPECT_EQ(list["first_id"], "a");
  EXPECT_EQ(list["last_id"], "b");
}

}  // namespace
}  // namespace gembal::openai
