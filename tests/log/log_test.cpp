#include "lib/log/log.hpp"

#include <gtest/gtest.h>

namespace gembal::log {
namespace {

const char* const kKey = "AIzaSyA0123456789abcdefghijklmnopqrstuv";

TEST(LogLineTest, IsOneLineWhateverIsInIt) {
  EXPECT_EQ(line("text", "T", "info", "request",
                 {{"path", "/v1/models"}, {"status", 200}, {"ms", 1.25}, {"model", ""}}),
            "T info  request path=/v1/models status=200 ms=1.2");
  EXPECT_EQ(line("text", "T", "error", "x",
                 {{"why", "two words"}, {"path", "/a\nfake line"}, {"q", "a=\"b\""}}),
            R"(T error x why="two words" path="/a\nfake line" q="a=\"b\"")");
  EXPECT_EQ(line("json", "T", "warn", "x", {{"path", "/a\n"}, {"status", 200}, {"model", ""}}),
            R"({"time":"T","level":"warn","message":"x","path":"/a\n","status":200})");
}

TEST(LogLineTest, NeverHoldsAKey) {
  for (const char* format : {"text", "json"}) {
    const auto text = line(format, "T", "info", std::string("failed with ") + kKey,
                           {{"path", std::string("/?key=") + kKey}});
    EXPECT_EQ(text.find("0123456789"), std::string::npos) << text;
    EXPECT_NE(text.find("AIza…stuv"), std::string::npos) << text;
  }
}

TEST(LogLineTest, SurvivesInvalidUtf8) {
  EXPECT_NE(line("json", "T", "info", "\xff", {{"a b", "\xfe"}}).find("\xEF\xBF\xBD"),
            std::string::npos);
}

}  // namespace
}  // namespace gembal::log
