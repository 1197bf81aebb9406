#include "lib/audio/encoder.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "lib/audio/sniff.hpp"

namespace gembal::audio {
namespace {

std::string tone(Pcm pcm, int milliseconds) {
  std::string sound;
  for (int i = 0; i < pcm.rate * milliseconds / 1000; ++i) {
    const auto level = static_cast<int>(8000 * std::sin(2 * 3.14159265 * 440 * i / pcm.rate));
    for (int channel = 0; channel < pcm.channels; ++channel) {
      sound += static_cast<char>(level & 0xff);
      sound += static_cast<char>(level >> 8 & 0xff);
    }
  }
  return sound;
}

unsigned byte(const std::string& file, std::size_t at) {
  return at < file.size() ? static_cast<unsigned char>(file[at]) : 0;
}

/// Samples in a stream of MPEG-2 layer III frames, which must follow one another without a gap.
int mp3_samples(const std::string& file, int& rate, int& channels) {
  constexpr int kRates[] = {22'050, 24'000, 16'000};
  constexpr int kKilobits[] = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};
  int samples = 0;
  for (std::size_t at = 0; at < file.size();) {
    if (byte(file, at) != 0xff || (byte(file, at + 1) & 0xfe) != 0xf2) return -1;
    rate = kRates[(byte(file, at + 2) >> 2 & 3) % 3];
    channels = byte(file, at + 3) >> 6 == 3 ? 1 : 2;
    const int padding = byte(file, at + 2) >> 1 & 1;
    const int length = 72 * kKilobits[byte(file, at + 2) >> 4] * 1000 / rate + padding;
    if (length <= 0) return -1;
    at += static_cast<std::size_t>(length);
    samples += 576;
  }
  return samples;
}

/// The last page's position: samples of 1/48000 s, with the ones before the sound.
std::uint64_t ogg_end(const std::string& file) {
  std::uint64_t position = 0;
  for (std::size_t at = 0; at + 27 <= file.size();) {
    if (file.compare(at, 4, "OggS") != 0) return 0;
    position = 0;
    for (std::size_t i = 0; i < 8; ++i)
      position |= static_cast<std::uint64_t>(byte(file, at + 6 + i)) << (8 * i);
    std::size_t length = 27 + byte(file, at + 26);
    for (std::size_t i = 0; i < byte(file, at + 26); ++i) length += byte(file, at + 27 + i);
    at += length;
  }
  return position;
}

TEST(EncoderTest, NamesFormats) {
  EXPECT_EQ(format_named("MP3"), Format::mp3);
  EXPECT_EQ(format_named("pcm16"), Format::pcm);
  EXPECT_EQ(format_named("aac"), std::nullopt);
  EXPECT_EQ(format_named(""), std::nullopt);
  EXPECT_EQ(media_type_of(Format::opus), "audio/opus");
  EXPECT_EQ(media_type_of(Format::pcm), "audio/pcm");
}

TEST(EncoderTest, EveryFormatIsWhatItSays) {
  const struct {
    Format format;
    std::string_view media_type;
  } cases[] = {{Format::mp3, "audio/mpeg"},
               {Format::opus, "audio/ogg"},
               {Format::flac, "audio/flac"},
               {Format::wav, "audio/wav"}};
  for (const auto& c : cases) {
    for (const Pcm pcm : {Pcm{24'000, 1}, Pcm{48'000, 2}}) {
      const auto file = encode_whole(c.format, pcm, tone(pcm, 1000));
      ASSERT_TRUE(file) << file.error().message;
      EXPECT_EQ(media_type_of(*file), c.media_type);
      EXPECT_GT(file->size(), 4000u);
    }
  }
}

TEST(EncoderTest, AFileIsTheSameHoweverTheSoundIsCut) {
  const Pcm pcm;
  const auto sound = tone(pcm, 700);
  for (const auto format : {Format::mp3, Format::flac, Format::wav, Format::pcm}) {
    std::string whole;
    for (const std::size_t size : {sound.size(), std::size_t{4801}, std::size_t{7}}) {
      auto encoder = make_encoder(format, pcm);
      ASSERT_TRUE(encoder);
      std::string file;
      for (std::size_t at = 0; at < sound.size(); at += size)
        file += *(*encoder)->encode(std::string_view(sound).substr(at, size));
      file += *(*encoder)->finish();
      if (whole.empty()) whole = file;
      EXPECT_TRUE(file == whole) << size;
    }
  }
}

TEST(EncoderTest, SoundIsGivenWhileItComes) {
  const Pcm pcm;
  const auto sound = tone(pcm, 1000);
  for (const auto format : {Format::mp3, Format::opus, Format::flac, Format::wav, Format::pcm}) {
    auto encoder = make_encoder(format, pcm);
    ASSERT_TRUE(encoder);
    const auto first = *(*encoder)->encode(sound);
    const auto second = *(*encoder)->encode(sound);
    EXPECT_FALSE(first.empty());
    EXPECT_FALSE(second.empty()) << static_cast<int>(format);
  }
}

TEST(EncoderTest, Mp3HasFramesForAllOfTheSound) {
  for (const Pcm pcm : {Pcm{24'000, 1}, Pcm{16'000, 2}}) {
    const auto file = encode_whole(Format::mp3, pcm, tone(pcm, 2000));
    int rate = 0, channels = 0;
    const int samples = mp3_samples(*file, rate, channels);
    EXPECT_EQ(rate, pcm.rate);
    EXPECT_EQ(channels, pcm.channels);
    EXPECT_GE(samples, 2 * pcm.rate);
    EXPECT_LE(samples, 2 * pcm.rate + 5 * 576);
  }
}

TEST(EncoderTest, OpusEndsWhereTheSoundEnds) {
  const Pcm pcm;
  const auto file = encode_whole(Format::opus, pcm, tone(pcm, 2000));
  EXPECT_NE(file->find("OpusHead"), std::string::npos);
  const auto skipped =
      byte(*file, file->find("OpusHead") + 10) + 256 * byte(*file, file->find("OpusHead") + 11);
  EXPECT_NEAR(static_cast<double>(ogg_end(*file) - skipped), 96'000, 480);
}

TEST(EncoderTest, FlacTellsItsKind) {
  const auto file = encode_whole(Format::flac, {16'000, 2}, tone({16'000, 2}, 100));
  // After "fLaC" and the block's head: 10 bytes of sizes, then 20 bits of rate, 3 of channels - 1.
  EXPECT_EQ(byte(*file, 18) << 12 | byte(*file, 19) << 4 | byte(*file, 20) >> 4, 16'000u);
  EXPECT_EQ(byte(*file, 20) >> 1 & 7, 1u);
}

TEST(EncoderTest, SilenceAndHalfASampleAreNoTrouble) {
  for (const auto format : {Format::mp3, Format::opus, Format::flac, Format::wav, Format::pcm}) {
    EXPECT_TRUE(encode_whole(format, {}, ""));
    EXPECT_TRUE(encode_whole(format, {}, "x"));
  }
  EXPECT_EQ(*encode_whole(Format::pcm, {}, "abc"), "ab");
  EXPECT_EQ(encode_whole(Format::wav, {}, "abc")->size(), 46u);
}

}  // namespace
}  // namespace gembal::audio
