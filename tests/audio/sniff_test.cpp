#include "lib/audio/sniff.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gembal::audio {
namespace {

TEST(SniffTest, TellsSoundByItsFirstBytes) {
  const struct {
    const char* name;
    std::string file;
    std::string expected;
  } cases[] = {
      {"wav", "RIFF____WAVEfmt ", "audio/wav"},
      {"a picture that is RIFF, too", "RIFF____WEBPVP8 ", ""},
      {"mp3 with a tag", "ID3\x04", "audio/mpeg"},
      {"mp3, version 1", "\xff\xfb\x90\x64", "audio/mpeg"},
      {"mp3, version 2", "\xff\xf3\x84\xc4", "audio/mpeg"},
      {"aac in ADTS", "\xff\xf1\x50\x80", "audio/aac"},
      {"a version that there is not", "\xff\xeb\x90\x64", ""},
      {"a rate that there is not", "\xff\xfb\xff\x64", ""},
      {"flac", "fLaC", "audio/flac"},
      {"ogg", "OggS", "audio/ogg"},
      {"m4a", std::string("\0\0\0\x20", 4) + "ftypM4A ", "audio/mp4"},
      {"webm", "\x1a\x45\xdf\xa3", "audio/webm"},
      {"aiff", "FORM____AIFF", "audio/aiff"},
      {"text", "Hello there", ""},
      {"png", "\x89PNG\r\n\x1a\n", ""},
      {"nothing", "", ""},
      {"one byte", "\xff", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(media_type_of(c.file).value_or(""), c.expected);
  }
}

}  // namespace
}  // namespace gembal::audio
