#include "lib/gemini/shown_text.hpp"

#include <gtest/gtest.h>

#include "lib/gemini/sources_rendering.hpp"

namespace gembal::gemini {
namespace {

TEST(ShownTextTest, FencesCode) {
  EXPECT_EQ(code_block("PYTHON", "print(1)"), "\n\n```python\nprint(1)\n```\n\n");
  EXPECT_EQ(code_block("LANGUAGE_UNSPECIFIED", "x\n"), "\n\n```\nx\n```\n\n");
  EXPECT_EQ(code_block("PYTHON", "s = '```'"), "\n\n````python\ns = '```'\n````\n\n");
  EXPECT_EQ(code_result_block("OUTCOME_OK", "1\n"), "\n\n```text\n1\n```\n\n");
  EXPECT_EQ(code_result_block("OUTCOME_DEADLINE_EXCEEDED", ""),
            "\n\n**Code execution: deadline exceeded**\n\n");
  EXPECT_EQ(code_result_block("OUTCOME_FAILED", "no"),
            "\n\n**Code execution: failed**\n\n```text\nno\n```\n\n");
}

TEST(ShownTextTest, ListsEachSourceOnce) {
  SourceList sources;
  EXPECT_EQ(sources.text(), "");
  sources.add(Json::parse(R"json({"groundingChunks":[
      {"web":{"uri":"https://a.example/x (1)","title":"A [new]\nthing"}},
      {"web":{"uri":"https://b.example"}}, {"web":{"uri":"javascript:alert(1)","title":"bad"}},
      {"maps":{"uri":"https://c.example"}}, 7]})json"));
  sources.add(
      Json::parse(R"({"groundingChunks":[{"web":{"uri":"https://b.example","title":"B"}}]})"));
  sources.add(Json::parse(R"({"webSearchQueries":["q"]})"));
  EXPECT_EQ(sources.text(),
            "\n\n---\n\n**Sources**\n\n"
            "- [A \\[new\\] thing](https://a.example/x%20%281%29)\n"
            "- [https://b.example](https://b.example)\n");
}

Json event(const char* text) { return Json::parse(text); }

TEST(ShownAnswerTest, TurnsCodeIntoTextAndKeepsTheRest) {
  ShownAnswer shown({true, false});
  auto one = event(
      R"({"candidates":[{"content":{"parts":[{"text":"a"},
          {"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"s"},
          {"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"2"}}]}}]})");
  EXPECT_TRUE(shown.show(one));
  EXPECT_EQ(
      gembal::to_text(one["candidates"][0]["content"]["parts"]),
      R"([{"text":"a"},{"thoughtSignature":"s","text":"\n\n```python\n1\n```\n\n"},{"text":"\n\n```text\n2\n```\n\n"}])");
  auto plain = event(R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})");
  EXPECT_FALSE(shown.show(plain));
}

constexpr auto kGrounding =
    R"({"candidates":[{"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example","title":"A"}}]}}]})";
constexpr auto kFinish =
    R"({"candidates":[{"content":{"parts":[{"text":"end"}]},"finishReason":"STOP"}]})";

TEST(ShownAnswerTest, TheSourcesComeOnceWhenTheAnswerHasEnded) {
  const struct {
    const char* name;
    std::vector<const char*> events;
    std::size_t told_in;
  } cases[] = {
      {"grounding before the end", {kGrounding, kGrounding, kFinish}, 2},
      {"grounding after the end", {kFinish, kGrounding, kGrounding}, 1},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ShownAnswer shown({false, true});
    for (std::size_t i = 0; i < c.events.size(); ++i) {
      auto one = event(c.events[i]);
      EXPECT_EQ(shown.show(one), i == c.told_in) << i;
      if (i != c.told_in) continue;
      const auto& parts = one["candidates"][0]["content"]["parts"];
      EXPECT_EQ(string_in(parts.back(), "text"),
                "\n\n---\n\n**Sources**\n\n- [A](https://a.example)\n");
    }
  }
}

TEST(ShownAnswerTest, LeavesAloneWhatIsNoAnswer) {
  ShownAnswer shown({true, true});
  for (const auto* text :
       {"[]", "{}", R"({"candidates":7})", R"({"candidates":[7]})", R"({"error":{"code":500}})",
        R"({"candidates":[{"index":-1,"finishReason":"STOP"}]})",
        R"({"candidates":[{"content":7,"finishReason":"STOP"}]})"}) {
    auto one = event(text);
    EXPECT_FALSE(shown.show(one)) << text;
  }
}

/// Tells words alone.
class Words final : public Rendering {
 public:
  Result<std::string> whole(std::vector<Reply> replies) override {
    std::string all;
    for (auto& reply : replies) all += push(std::move(reply), 0);
    return all;
  }
  std::string push(Reply event, std::size_t) override {
    std::string all;
    for (const auto& candidate : event.candidates) {
      for (const auto& piece : candidate.pieces) all += piece.text;
    }
    return all;
  }
  bool finished() const override { return true; }
  std::string finish() override { return "."; }
  std::string fail(int, const Error&) override { return "!"; }
};

TEST(SourcesRenderingTest, PutsTheSourcesBehindTheWords) {
  const auto reply = [](const char* text) { return *read_reply(text); };
  const std::string sources = "\n\n---\n\n**Sources**\n\n- [A](https://a.example)\n";
  for (const bool is_wanted : {false, true}) {
    SCOPED_TRACE(is_wanted);
    Words inner;
    SourcesRendering rendering(inner, is_wanted);
    EXPECT_EQ(rendering.push(reply(kGrounding), 0), "");
    EXPECT_EQ(rendering.push(reply(kFinish), 0), "end" + (is_wanted ? sources : ""));
    EXPECT_EQ(rendering.push(reply(kGrounding), 0), "") << "once";
    EXPECT_EQ(rendering.finish(), ".");
    SourcesRendering whole(inner, is_wanted);
    auto answer = reply(kFinish);
    answer.candidates[0].grounding = Json::parse(kGrounding)["candidates"][0]["groundingMetadata"];
    EXPECT_EQ(*whole.whole({answer}), "end" + (is_wanted ? sources : ""));
  }
}

}  // namespace
}  // namespace gembal::gemini
