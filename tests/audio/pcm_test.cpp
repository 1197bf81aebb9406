#include "lib/audio/pcm.hpp"

#include <gtest/gtest.h>

namespace gembal::audio {
namespace {

TEST(PcmTest, IsToldByItsMediaType) {
  const struct {
    const char* name;
    const char* media_type;
    int rate;  ///< 0: none
    int channels;
  } cases[] = {
      {"what the API sends", "audio/L16;codec=pcm;rate=24000", 24'000, 1},
      {"with blanks and in capitals", "AUDIO/l16; Rate=16000; Channels=2", 16'000, 2},
      {"without a rate", "audio/pcm", 24'000, 1},
      {"a file", "audio/wav", 0, 0},
      {"nothing", "", 0, 0},
      {"an unlikely rate", "audio/L16;rate=1", 0, 0},
      {"a rate that is no number", "audio/L16;rate=24k", 0, 0},
      {"too many channels", "audio/L16;channels=9", 0, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto pcm = pcm_of(c.media_type);
    EXPECT_EQ(pcm ? pcm->rate : 0, c.rate);
    EXPECT_EQ(pcm ? pcm->channels : 0, c.channels);
  }
}

TEST(PcmTest, HasAHeadThatTellsItsKindAndLength) {
  const auto header = wav_header({24'000, 1}, 48'000);
  ASSERT_EQ(header.size(), 44u);
  EXPECT_EQ(header, std::string("RIFF\xa4\xbb\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb"
                                "\0\0\x02\0\x10\0data\x80\xbb\0\0",
                                44));
  const auto stream = wav_header({24'000, 2}, std::nullopt);
  EXPECT_EQ(stream.substr(4, 4), "\xff\xff\xff\xff");
  EXPECT_EQ(stream.substr(40, 4), "\xff\xff\xff\xff");
  EXPECT_EQ(wav_header({}, 0xffff'ffffu).substr(40, 4), "\xff\xff\xff\xff");
}

TEST(PcmTest, AWavFileTellsHowLongItPlays) {
  const std::string second(48'000, '\0');
  const auto duration = [](const std::string& file) {
    const auto told = wav_duration(file);
    return told ? told->count() : -1;
  };
  EXPECT_EQ(duration(wav_header({}, 48'000) + second), 1000);
  EXPECT_EQ(duration(wav_header({}, std::nullopt) + second), 1000) << "a stream: what is there";
  EXPECT_EQ(duration(wav_header({}, 96'000) + second), 1000) << "cut short";
  auto with_a_list = wav_header({}, 48'000) + second;
  with_a_list.insert(36, std::string("LIST\x03\0\0\0abc\0", 12));
  EXPECT_EQ(duration(with_a_list), 1000) << "an odd chunk before the sound";
  EXPECT_EQ(duration(""), -1);
  EXPECT_EQ(duration("RIFF\x24\x01\x01\x01WAVE"), -1);
  EXPECT_EQ(duration("ID3 and so on"), -1);
  const auto whole = wav_header({}, 48'000) + second;
  for (std::size_t length = 0; length < 60; ++length) duration(whole.substr(0, length));
}

}  // namespace
}  // namespace gembal::audio
