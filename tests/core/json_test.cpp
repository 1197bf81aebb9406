#include "lib/core/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lib/core/json_object.hpp"

namespace gembal {
namespace {

TEST(JsonTest, RefusesWhatIsNotSoundJson) {
  const struct {
    const char* name;
    std::string text;
  } cases[] = {
      {"empty", ""},
      {"cut short", "{\"a\":"},
      {"invalid UTF-8", "\"\xff\xfe\""},
      {"nested 100,000 deep", std::string(100'000, '[')},
      {"nested 100,000 deep and closed", std::string(100'000, '[') + std::string(100'000, ']')},
      {"a number that no double holds", "[1e999]"},
      {"two values", "{} {}"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto parsed = parse_json(c.text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().kind, ErrorKind::bad_request);
  }
}

TEST(JsonTest, ReadsEveryKindOfValue) {
  for (const char* text :
       {"null", "true", "-7", "18446744073709551615", "1.5", "\"a\"", "[]", "{}",
        "[[],{},[null,{}]]", R"({"a":{"b":[1,{"c":"d"}],"e":false},"f":[[2]]})"}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(to_text(*value), text);
  }
  EXPECT_EQ(to_text(*parse_json(R"({"a":1,"b":2,"a":3})")), R"({"a":3,"b":2})");
}

/// Three readers share the work: of small texts, of large ones, and of large ones without room.
TEST(JsonTest, TextsAreReadAlikeWhateverTheirSizeAndRoom) {
  const std::string padding(1 << 20, ' ');
  for (const std::string text :
       {R"({"n":5,"m":-5,"d":0.1,"e":1e3,"big":18446744073709551615,"s":"\u00e9\ud83d\ude00\n"})",
        R"({"a":[{},[],null,true,false,"","\"","a\\",{"":{"b":[1]}}],"a":2,"c":"日本"})",
        R"([-0,0.0,-0.0,1E5,-9223372036854775808,123456789012345678901234567890])", R"("a")", "7",
        // None of these is JSON.
        "[1e999]", "[1,]", "{\"a\":1]", "[\"\\x\"]", "[\"\\ud800\"]", "[01]", "[nul]", "{\"a\" 1}",
        "{\"a\":1}}", "[1] 2", "[\"\t\"]", "[\"\xff\"]", "{\"a\":1", "[\"a"}) {
    SCOPED_TRACE(text);
    const auto small = parse_json(text);
    for (auto large : {text + padding, padding + text}) {
      const auto without_room = parse_json(std::string_view(large));
      large.reserve(large.size() + kJsonRoom);
      const auto with_room = parse_json(large);
      ASSERT_EQ(static_cast<bool>(small), static_cast<bool>(with_room));
      ASSERT_EQ(static_cast<bool>(small), static_cast<bool>(without_room));
      if (!small) continue;
      EXPECT_EQ(to_text(*small), to_text(*with_room));
      EXPECT_EQ(to_text(*small), to_text(*without_room));
      if (!small->is_object()) continue;
      for (const auto& [name, value] : small->items()) {
        EXPECT_EQ((*with_room)[name].type(), value.type()) << name;
        EXPECT_EQ((*without_room)[name].type(), value.type()) << name;
      }
    }
  }
}

TEST(JsonTest, WritesWhatItReads) {
  for (const char* text : {R"({"a":"\"\\/\b\f\n\r\t\u0001\u001f","é":"日本\u007f😀"})",
                           "[0,-1,1.0,0.1,1e+100,18446744073709551615]",
                           R"({"":"","nested":{"list":[[],{},null,true,false]}})"}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(to_text(*value), value->dump());
  }
}

/// What is escaped may stand at either end of any of the steps in which a string is written.
TEST(JsonTest, WritesStringsOfAnyLengthAsTheLibraryDoes) {
  for (const std::string_view odd : {"\"", "\\", "\n", "\x01", "\x1f", "\x7f", "é", "日"}) {
    for (const std::size_t length : {0,   1,   7,   8,   9,    15,   16,   17,   31,   33,
                                     255, 256, 257, 300, 2047, 2049, 4095, 4096, 4097, 10'000}) {
      const std::string plain(length, 'x');
      for (const std::size_t at : {0, 1, 7, 15, 16, 255, 256, 2048, 4096}) {
        if (at > length) break;
        auto text = plain;
        text.insert(at, odd);
        const Json value = {{text, Json::array({text, text + std::string(odd) + text, plain})}};
        ASSERT_EQ(to_text(value), value.dump()) << odd << " at " << at << " of " << length;
      }
    }
    std::string all_odd;
    for (int i = 0; i < 3'000; ++i) all_odd += odd;
    ASSERT_EQ(to_text(Json(all_odd)), Json(all_odd).dump());
  }
}

TEST(JsonTest, WritesShortStringsWithAnythingAnywhereAsTheLibraryDoes) {
  for (const std::string_view odd : {"\"", "\x1f", " ", "\\"}) {
    for (std::size_t length = 0; length <= 70; ++length) {
      for (std::size_t at = 0; at <= length; ++at) {
        auto text = std::string(length, 'x').insert(at, odd);
        const Json value = {{text, text}};
        ASSERT_EQ(to_text(value), value.dump()) << odd << " at " << at << " of " << length;
        text.insert(length - at, odd);
        ASSERT_EQ(to_text(Json(text)), Json(text).dump())
            << odd << " at " << at << " of " << length;
      }
    }
  }
}

TEST(JsonTest, WritesNumbersAsTheLibraryDoes) {
  for (const double number : {0.0,
                              -0.0,
                              0.1,
                              -0.1,
                              1.0,
                              -1.0,
                              100.0,
                              123456.789,
                              0.30000000000000004,
                              1e-4,
                              0.00012345,
                              9.9e-5,
                              1e-5,
                              1e14,
                              999999999999999.0,
                              999999999999999.9,
                              1e15,
                              1e16,
                              1e100,
                              5e-324,
                              1.7976931348623157e308,
                              std::nan(""),
                              std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(to_text(Json(number)), Json(number).dump());
  }
}

TEST(JsonTest, HoldsDepthAndWidthWithinBounds) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth)));
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth + 1)));
  std::string wide = "{";
  for (int i = 0; i <= 20'000; ++i) wide += (i ? ",\"" : "\"") + std::to_string(i) + "\":1";
  const auto refused = parse_json(wide + "}");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("members"), std::string::npos);
  // Nor may a large text.
  const std::string padding(1 << 20, ' ');
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth) + padding));
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth + 1) + padding));
  EXPECT_FALSE(parse_json(wide + "}" + padding));
}

TEST(JsonTest, BracketsInStringsDoNotNest) {
  EXPECT_TRUE(parse_json("\"" + std::string(1000, '[') + "\\\"[\""));
}

TEST(JsonTest, KeepsTheOrderOfMembers) {
  EXPECT_EQ(to_text(*parse_json(R"({"z":1,"a":{"y":2,"b":3}})")), R"({"z":1,"a":{"y":2,"b":3}})");
}

TEST(JsonTest, WritesBytesThatAreNotUtf8WithoutThrowing) {
  EXPECT_EQ(to_text(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(JsonTest, FindsMembersOfTheRightType) {
  const auto value = *parse_json(R"({"s":"x","n":5,"t":"18810","b":true,"null":null})");
  EXPECT_EQ(string_in(value, "s"), "x");
  EXPECT_EQ(string_in(value, "n"), "");
  EXPECT_EQ(integer_in(value, "n"), 5);
  EXPECT_EQ(integer_in(value, "t"), 18810);
  EXPECT_EQ(integer_in(value, "s"), std::nullopt);
  EXPECT_EQ(bool_in(value, "b"), true);
  EXPECT_EQ(find(value, "missing"), nullptr);
  EXPECT_EQ(find(value, "snake_case", "s"), find(value, "s"));
  EXPECT_TRUE(find(value, "null")->is_null());
  EXPECT_EQ(find(Json(5), "x"), nullptr);
}

TEST(JsonTest, TellsNamesApartThatDifferInOneByte) {
  for (std::size_t length = 1; length <= 20; ++length) {
    const std::string name(length, 'n');
    for (std::size_t at = 0; at < length; ++at) {
      auto other = name;
      other[at] = 'm';
      const auto value = *parse_json("{\"" + other + "\":1,\"" + name + "\":2}");
      ASSERT_EQ(value.size(), 2u) << other;
      ASSERT_EQ(integer_in(value, name), 2) << other;
      ASSERT_EQ(integer_in(value, other), 1) << other;
      ASSERT_EQ(find(value, name + "n"), nullptr);
    }
  }
}

TEST(JsonTest, TakesATextOnce) {
  auto value = *parse_json(R"({"s":"a text of some length","n":5})");
  EXPECT_EQ(take_text(value, "s"), "a text of some length");
  EXPECT_EQ(take_text(value, "s"), "");
  EXPECT_EQ(take_text(value, "n"), "");
  EXPECT_EQ(take_text(value, "missing"), "");
  EXPECT_EQ(integer_in(value, "n"), 5);
}

}  // namespace
}  // namespace gembal
