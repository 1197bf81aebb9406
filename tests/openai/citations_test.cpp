#include "lib/openai/citations.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gembal::openai {
namespace {

TEST(CharacterIndexTest, CountsCharactersWhateverTheCut) {
  const std::string text = "Grüße, 漢字 und 😀: ein längerer Satz, é\xCC\x81 und ein Rest";
  for (const std::size_t piece : {1, 3, 7, 8, 9, 16, 100}) {
    CharacterIndex index;
    for (std::size_t at = 0; at < text.size(); at += piece)
      index.append(std::string_view(text).substr(at, piece));
    ASSERT_EQ(index.bytes(), text.size());
    std::size_t characters = 0;
    for (std::size_t offset = 0; offset <= text.size(); ++offset) {
      EXPECT_EQ(index.characters_before(offset), characters) << piece << " " << offset;
      if (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80)
        ++characters;
    }
    EXPECT_EQ(index.characters_before(text.size() + 5), characters);
  }
}

TEST(CharacterIndexTest, KeepsNoMoreThanItsBound) {
  CharacterIndex index;
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 5; ++i) index.append(megabyte);
  EXPECT_EQ(index.bytes(), 4u << 20);
}

}  // namespace
}  // namespace gembal::openai
