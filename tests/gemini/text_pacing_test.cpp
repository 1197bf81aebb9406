#include "lib/gemini/text_pacing.hpp"

#include <gtest/gtest.h>

namespace gembal::gemini {
namespace {

using std::chrono::milliseconds;

TEST(DelayTest, FallsWithTheLengthOfTheText) {
  const PacingRules rules{true, milliseconds{16}, milliseconds{24}, 10, 50, 5};
  const struct {
    std::size_t characters;
    int expected;
  } cases[] = {{0, 24},  {1, 24},  {10, 24}, {11, 24},  {22, 21},
               {35, 18}, {49, 17}, {50, 16}, {9000, 16}};
  for (const auto& c : cases)
    EXPECT_EQ(delay_after_piece(c.characters, rules).count(), c.expected) << c.characters;
  const PacingRules odd{true, milliseconds{5}, milliseconds{7}, 50, 10, 5};
  EXPECT_EQ(delay_after_piece(20, odd).count(), 7);
}

PacingRules rules() { return {true, milliseconds{16}, milliseconds{24}, 2, 6, 4}; }

std::vector<std::string> pieces_of(const std::string& event, bool hurries = false) {
  CutEvent cut(event, rules(), hurries);
  std::vector<std::string> pieces;
  while (!cut.done()) pieces.push_back(cut.next());
  return pieces;
}

using Pieces = std::vector<std::string>;

TEST(CutEventTest, CutsWordsAndKeepsAllElseForTheLastPiece) {
  EXPECT_EQ(
      pieces_of(
          R"({"candidates":[{"content":{"parts":[{"text":"Hé!"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"totalTokenCount":3},"modelVersion":"m"})"),
      (Pieces{
          R"({"candidates":[{"content":{"parts":[{"text":"H"}],"role":"model"},"index":0}],"modelVersion":"m"})",
          R"({"candidates":[{"content":{"parts":[{"text":"é"}],"role":"model"},"index":0}],"modelVersion":"m"})",
          R"({"candidates":[{"content":{"parts":[{"text":"!"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"totalTokenCount":3},"modelVersion":"m"})"}));
}

TEST(CutEventTest, LongTextsComeInLargerPieces) {
  const std::string event = R"({"candidates":[{"content":{"parts":[{"text":"abcdef"}]}}]})";
  EXPECT_EQ(pieces_of(event),
            (Pieces{R"({"candidates":[{"content":{"parts":[{"text":"abcd"}]}}]})",
                    R"({"candidates":[{"content":{"parts":[{"text":"ef"}]}}]})"}));
  const std::string shorter = R"({"candidates":[{"content":{"parts":[{"text":"abcde"}]}}]})";
  EXPECT_EQ(pieces_of(shorter).size(), 5u);
  EXPECT_EQ(pieces_of(shorter, true).size(), 2u) << "when more is there already";
}

TEST(CutEventTest, OtherPartsKeepTheirPlaceAndAreNotCut) {
  EXPECT_EQ(
      pieces_of(
          R"({"candidates":[{"content":{"parts":[{"text":"abc","thought":true},{"text":"x","thoughtSignature":"s"},{"functionCall":{"name":"f"}},{"text":"yz"}]}}]})"),
      (Pieces{R"({"candidates":[{"content":{"parts":[{"text":"abc","thought":true}]}}]})",
              R"({"candidates":[{"content":{"parts":[{"text":"x","thoughtSignature":"s"}]}}]})",
              R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]})",
              R"({"candidates":[{"content":{"parts":[{"text":"y"}]}}]})",
              R"({"candidates":[{"content":{"parts":[{"text":"z"}]}}]})"}));
}

TEST(CutEventTest, TheSignatureOfATextStaysWithItsEnd) {
  const auto pieces =
      pieces_of(R"({"candidates":[{"content":{"parts":[{"text":"xy","thoughtSignature":"s"}]}}]})");
  EXPECT_EQ(
      pieces,
      (Pieces{R"({"candidates":[{"content":{"parts":[{"text":"x"}]}}]})",
              R"({"candidates":[{"content":{"parts":[{"text":"y","thoughtSignature":"s"}]}}]})"}));
}

TEST(CutEventTest, LeavesAloneWhatHasNoWords) {
  for (
      const std::string event :
      {R"({"usageMetadata":{}})", R"({"candidates":[]})",
       R"({"candidates":[{"finishReason":"STOP"}]})",
       R"({"candidates":[{"content":{"parts":[{"text":""}]}}]})",
       R"({"candidates":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]})",
       R"({"error":{"code":500}})", "no JSON", "[]",
       R"({"candidates":[{"content":{"parts":[7]}}]})",
       R"({ "candidates": [{"content": {"parts": [{"text": "a", "thought": true}]}}]})"}) {
    EXPECT_EQ(pieces_of(event), Pieces{event});
  }
}

TEST(CutEventTest, TheRestComesInOne) {
  const std::string event =
      R"({"candidates":[{"content":{"parts":[{"text":"abc"},{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]})";
  CutEvent cut(event, rules(), false);
  EXPECT_EQ(cut.next(), R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})");
  EXPECT_EQ(cut.delay(), delay_after_piece(3, rules()));
  EXPECT_EQ(
      cut.rest(),
      R"({"candidates":[{"content":{"parts":[{"text":"bc"},{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]})");
  EXPECT_TRUE(cut.done());
  EXPECT_EQ(cut.delay().count(), 0);
  CutEvent untouched(event, rules(), false);
  EXPECT_EQ(untouched.rest(), event);
}

}  // namespace
}  // namespace gembal::gemini
