#include "lib/openai/speech.hpp"

#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "lib/gemini/voices.hpp"
#include "lib/openai/voices.hpp"
#include "tests/support/recording.hpp"

namespace gembal::openai {
namespace {

const SpeechDefaults kDefaults{"gemini-3.8-flash-tts", "Zephyr", "normal"};

std::string with(const std::string& more) { return R"({"input":"Hello.")" + more + "}"; }

std::string voice_in(const SpeechCall& call) {
  return call
      .body["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"]
      .get<std::string>();
}

std::string prompt_in(const SpeechCall& call) {
  return call.body["contents"][0]["parts"][0]["text"].get<std::string>();
}

TEST(SpeechTest, ChoosesTheModel) {
  const struct {
    const char* name;
    std::string asked;
    std::string expected;
  } cases[] = {
      {"none", "", "gemini-3.8-flash-tts"},
      {"tts-1", "tts-1", "gemini-3.8-flash-tts"},
      {"tts-1-hd", "tts-1-hd", "gemini-3.8-flash-tts"},
      {"a dated one", "gpt-4o-mini-tts-2025-12-15", "gemini-3.8-flash-tts"},
      {"one of Gemini's", "gemini-2.5-pro-preview-tts", "gemini-2.5-pro-preview-tts"},
      {"with its prefix", "models/gemini-3.8-flash-lite-tts", "gemini-3.8-flash-lite-tts"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_speech(with(R"(,"model":)" + to_text(Json(c.asked))), kDefaults);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->model, c.expected);
  }
  EXPECT_EQ(read_speech(with(""), {"models/own-tts", "Kore", "slow"})->model, "own-tts");
}

TEST(SpeechTest, ChoosesTheVoice) {
  const struct {
    const char* name;
    std::string more;
    std::string expected;
  } cases[] = {
      {"none: the setting's", "", "Zephyr"},
      {"null", R"(,"voice":null)", "Zephyr"},
      {"one of Gemini's, in any case", R"(,"voice":"kORE")", "Kore"},
      {"one of OpenAI's", R"(,"voice":"onyx")", "Algenib"},
      {"one of OpenAI's, in capitals", R"(,"voice":"Alloy")", "Kore"},
      {"one that nobody knows", R"(,"voice":"my-voice")", "Zephyr"},
      {"one of the client's own", R"(,"voice":{"id":"voice_123"})", "Zephyr"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_speech(with(c.more), kDefaults);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(voice_in(*call), c.expected);
  }
  EXPECT_EQ(voice_in(*read_speech(with(""), {"m", "puck", "normal"})), "Puck");
  EXPECT_EQ(voice_in(*read_speech(with(""), {"m", "nobody", "normal"})), "Zephyr")
      << "upstream would refuse a voice that it has not";
  for (const char* name : {"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin",
                           "nova", "onyx", "sage", "shimmer", "verse"}) {
    EXPECT_TRUE(gemini::voice_named(gemini_voice(name, ""))) << name;
  }
}

TEST(SpeechTest, TellsHowToSpeak) {
  const struct {
    const char* name;
    std::string more;
    std::string setting;
    std::string expected;
  } cases[] = {
      {"as it is", "", "normal", "Read aloud, word for word:\n\nHello."},
      {"at the normal speed", R"(,"speed":1)", "slow", "Read aloud, word for word:\n\nHello."},
      {"as the setting says", "", "slow",
       "Read the transcript aloud, word for word, as directed.\n\n## Directions\nSpeak slowly.\n\n"
       "## Transcript\nHello."},
      {"faster", R"(,"speed":1.5)", "normal",
       "Read the transcript aloud, word for word, as directed.\n\n## Directions\n"
       "Speak fast, at 1.5 times the normal pace.\n\n## Transcript\nHello."},
      {"as slow as can be", R"(,"speed":0.25)", "fast",
       "Read the transcript aloud, word for word, as directed.\n\n## Directions\n"
       "Speak very slowly, at 0.25 times the normal pace.\n\n## Transcript\nHello."},
      {"as instructed", R"(,"instructions":" Whisper. ","speed":4)", "normal",
       "Read the transcript aloud, word for word, as directed.\n\n## Directions\nWhisper.\n"
       "Speak very fast, at 4 times the normal pace.\n\n## Transcript\nHello."},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_speech(with(c.more), {"m", "Zephyr", c.setting});
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(prompt_in(*call), c.expected);
  }
}

TEST(SpeechTest, SaysWhatIsWrong) {
  const struct {
    const char* name;
    std::string body;
    std::string param;
  } cases[] = {
      {"no JSON", "{", ""},
      {"no object", "[]", ""},
      {"no input", "{}", "input"},
      {"an empty input", R"({"input":" \n"})", "input"},
      {"an input that is no text", R"({"input":["a"]})", "input"},
      {"an input without end", R"({"input":")" + std::string(kMostSpokenBytes + 1, 'a') + "\"}",
       "input"},
      {"a model that is no text", with(R"(,"model":1)"), "model"},
      {"a model that is no name", with(R"(,"model":"a/../b")"), "model"},
      {"a voice that is no text", with(R"(,"voice":7)"), "voice"},
      {"an unknown format", with(R"(,"response_format":"aac")"), "response_format"},
      {"a format that is no text", with(R"(,"response_format":{})"), "response_format"},
      {"too slow", with(R"(,"speed":0.2)"), "speed"},
      {"too fast", with(R"(,"speed":4.1)"), "speed"},
      {"a speed that is no number", with(R"(,"speed":"1")"), "speed"},
      {"an unknown stream format", with(R"(,"stream_format":"ws")"), "stream_format"},
      {"instructions that are no text", with(R"(,"instructions":1)"), "instructions"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read_speech(c.body, kDefaults);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_EQ(call.error().param, c.param);
    EXPECT_FALSE(call.error().message.empty());
  }
}

TEST(SpeechTest, ChoosesFormatAndDelivery) {
  EXPECT_EQ(read_speech(with(""), kDefaults)->format, audio::Format::mp3);
  EXPECT_EQ(read_speech(with(R"(,"response_format":"opus")"), kDefaults)->format,
            audio::Format::opus);
  EXPECT_EQ(read_speech(with(""), kDefaults)->delivery, Delivery::file);
  EXPECT_EQ(read_speech(with(R"(,"stream_format":"audio")"), kDefaults)->delivery,
            Delivery::stream);
  EXPECT_EQ(read_speech(with(R"(,"stream_format":"sse")"), kDefaults)->delivery, Delivery::events);
}

std::string sound_event(const std::string& pcm, const std::string& finish = "") {
  Json candidate = {{"content",
                     {{"parts", Json::array({{{"inlineData",
                                               {{"mimeType", "audio/L16;codec=pcm;rate=24000"},
                                                {"data", base64_encode(pcm)}}}}})}}}};
  if (!finish.empty()) candidate["finishReason"] = finish;
  return to_text(Json{{"candidates", Json::array({candidate})},
                      {"usageMetadata", {{"promptTokenCount", 3}, {"candidatesTokenCount", 25}}}});
}

TEST(SpeechTest, SendsSoundAsItComes) {
  SpeechStream stream(audio::Format::pcm, Delivery::file);
  EXPECT_EQ(*stream.push(sound_event("abcd")), "abcd");
  EXPECT_EQ(*stream.push(sound_event("e", "STOP")), "");
  EXPECT_EQ(*stream.finish(), "");
}

TEST(SpeechTest, AWavFileHasItsLengthUnlessItIsStreamed) {
  SpeechStream file(audio::Format::wav, Delivery::file);
  EXPECT_EQ(*file.push(sound_event("abcd", "STOP")), "");
  EXPECT_EQ(*file.finish(), audio::wav_header({}, 4) + "abcd");
  SpeechStream stream(audio::Format::wav, Delivery::stream);
  EXPECT_EQ(*stream.push(sound_event("abcd", "STOP")),
            audio::wav_header({}, std::nullopt) + "abcd");
  EXPECT_EQ(*stream.finish(), "");
}

TEST(SpeechTest, EventsHaveTheSoundAndAtTheEndTheUsage) {
  SpeechStream stream(audio::Format::pcm, Delivery::events);
  EXPECT_EQ(*stream.push(sound_event("abcd", "STOP")),
            "data: {\"type\":\"speech.audio.delta\",\"audio\":\"YWJjZA==\"}\n\n");
  EXPECT_EQ(*stream.finish(),
            "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":3,"
            "\"output_tokens\":25,\"total_tokens\":28}}\n\n");
}

TEST(SpeechTest, ReadsARecordedAnswer) {
  for (const auto& recording : testing::recordings("generate.audio-out")) {
    SpeechStream stream(audio::Format::mp3, Delivery::file);
    auto file = *stream.push(recording.body);
    file += *stream.finish();
    EXPECT_GT(file.size(), 100u) << recording.name;
  }
}

TEST(SpeechTest, AnAnswerWithoutSoundIsAnError) {
  const struct {
    const char* name;
    std::string event;
    ErrorKind kind;
    std::string message;
  } cases[] = {
      {"text", R"({"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]})",
       ErrorKind::upstream, "no sound"},
      {"no end", R"({"candidates":[{"content":{"parts":[]}}]})", ErrorKind::upstream, "complete"},
      {"a blocked prompt", R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}})",
       ErrorKind::bad_request, "blocked"},
      {"an answer that is not wanted", R"({"candidates":[{"finishReason":"SAFETY"}]})",
       ErrorKind::bad_request, "SAFETY"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    SpeechStream stream(audio::Format::mp3, Delivery::stream);
    ASSERT_TRUE(stream.push(c.event));
    const auto end = stream.finish();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().kind, c.kind);
    EXPECT_NE(end.error().message.find(c.message), std::string::npos) << end.error().message;
  }
  SpeechStream stream(audio::Format::mp3, Delivery::stream);
  EXPECT_FALSE(stream.push("{"));
  EXPECT_FALSE(stream.push(R"({"error":{"message":"no"}})"));
  EXPECT_FALSE(stream.push(
      R"({"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"video/mp4","data":"AAAA"}}]}}]})"));
}

}  // namespace
}  // namespace gembal::openai
