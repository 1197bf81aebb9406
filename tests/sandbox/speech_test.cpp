#include <gtest/gtest.h>

#include "lib/core/base64.hpp"
#include "tests/sandbox/client.hpp"

namespace gembal::sandbox {
namespace {

const std::string kSpeech = "/v1beta/models/gemini-3.8-flash-tts:";

std::string voice(const std::string& name) {
  return R"("generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":)"
         R"({"prebuiltVoiceConfig":{"voiceName":")" +
         name + "\"}}}}";
}

std::string sound_in(const Json& response) {
  const Json& part = response["candidates"][0]["content"]["parts"][0];
  EXPECT_EQ(part["inlineData"]["mimeType"], "audio/L16;codec=pcm;rate=24000");
  const auto bytes = base64_decode(string_in(part["inlineData"], "data"));
  EXPECT_TRUE(bytes);
  return bytes.value_or("");
}

TEST(SpeechTest, AStreamHasTheSameSoundAsTheWhole) {
  Client client;
  const auto ask =
      ask_with("one two three four five six seven eight nine ten eleven twelve", voice("Kore"));
  const Json whole = json_of(client.post(kSpeech + "generateContent", ask));
  const auto events = events_of(client.post(kSpeech + "streamGenerateContent?alt=sse", ask));
  ASSERT_EQ(events.size(), 3u) << "12 words of 0.2 s, in events of a second";
  std::string joined;
  for (const auto& event : events) joined += sound_in(event);
  EXPECT_TRUE(joined == sound_in(whole));
  EXPECT_EQ(joined.size(), 12u * 24'000 / 5 * 2);
  EXPECT_EQ(whole["usageMetadata"]["candidatesTokensDetails"][0]["modality"], "AUDIO");
  EXPECT_EQ(whole["usageMetadata"]["candidatesTokenCount"], 60) << "25 a second";
}

TEST(SpeechTest, VoicesDifferAndUnknownOnesAreRefused) {
  Client client;
  const auto say = [&client](const std::string& name) {
    return client.post(kSpeech + "generateContent", ask_with("Hello", voice(name)));
  };
  EXPECT_TRUE(sound_in(json_of(say("Kore"))) == sound_in(json_of(say("kore"))));
  EXPECT_FALSE(sound_in(json_of(say("Kore"))) == sound_in(json_of(say("Puck"))));
  const auto refused = say("alloy");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(body_of(refused).find("Voice name alloy is not supported. Allowed voice names are: "
                                  "achernar, achird, "),
            std::string::npos);
}

std::string recording(const std::string& prompt, const std::string& bytes,
                      const std::string& more = "") {
  return R"({"contents":[{"parts":[{"text":)" + to_text(Json(prompt)) +
         R"(},{"inlineData":{"mimeType":"audio/wav","data":")" + base64_encode(bytes) + "\"}}]}]" +
         more + "}";
}

TEST(SpeechTest, WritesDownWhatItHears) {
  Client client;
  const auto hear = [&client](const std::string& body) {
    return text_in(json_of(client.post(kFlash, body)));
  };
  const auto text = hear(recording("Transcribe this.", "one"));
  EXPECT_EQ(text, hear(recording("A transcript, please.", "one")));
  EXPECT_NE(text, hear(recording("Transcribe this.", "three")));
  EXPECT_EQ(text.find("sandbox speaking"), std::string::npos);
  EXPECT_NE(text, hear(recording("Who is this?", "one")));
}

TEST(SpeechTest, TellsTimesWhereASchemaAsksForThem) {
  Client client;
  const auto body =
      recording("Transcribe this.", "one",
                R"(,"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{
        "type":"object","properties":{"segments":{"type":"array","items":{"type":"object",
        "properties":{"start":{"type":"string"},"text":{"type":"string"}}}}}}})");
  const Json said = *parse_json(text_in(json_of(client.post(kFlash, body))));
  ASSERT_EQ(said["segments"].size(), 2u);
  EXPECT_EQ(said["segments"][0]["start"], "00:00.500");
  EXPECT_FALSE(said["segments"][0].contains("end"));
  EXPECT_FALSE(said.contains("language"));
}

TEST(SpeechTest, ADirectiveMayStandOnALineOfItsOwn) {
  Client client;
  const auto say = [&client](const std::string& prompt) {
    return text_in(json_of(client.post(kFlash, ask_with(prompt))));
  };
  EXPECT_EQ(say("Answer this:\n\n sandbox:{\"text\":\"So.\"} now"), "So.");
  EXPECT_NE(say("Answer sandbox:{\"text\":\"So.\"}"), "So.");
}

}  // namespace
}  // namespace gembal::sandbox
