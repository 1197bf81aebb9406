// Speech and transcripts through the running binary, with the sandbox upstream.

#include <gtest/gtest.h>

#include "lib/audio/encoder.hpp"
#include "lib/audio/sniff.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "tests/support/process.hpp"

namespace gembal::testing {
namespace {

class AudioTest : public ::testing::Test {
 protected:
  Message speak(const Json& more, const std::string& base = "/v1") {
    Json body = {{"model", "tts-1"}, {"voice", "alloy"}, {"input", "One two three four five."}};
    body.update(more);
    return daemon_.post(base + "/audio/speech", to_text(body));
  }

  /// Sends `file` and the fields as a form.
  Message send(const std::string& path, const std::string& file,
               const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string body =
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n" +
        file + "\r\n";
    for (const auto& [name, value] : fields) {
      body.append("--B\r\nContent-Disposition: form-data; name=\"").append(name);
      body.append("\"\r\n\r\n").append(value).append("\r\n");
    }
    return daemon_.post(path, body + "--B--\r\n",
                        {"Content-Type: multipart/form-data; boundary=B"});
  }

  TempDir home_;
  SandboxProcess sandbox_{home_};
  Daemon daemon_{home_, sandbox_.base_url(), {"key-one"}};
};

const std::string kWav = audio::wav_header({}, 96'000) + std::string(96'000, '\1');

std::vector<Json> events_of(const std::string& body) {
  std::vector<Json> events;
  for (std::size_t at = body.find("data: {"); at != std::string::npos;
       at = body.find("data: {", at + 1)) {
    events.push_back(
        *parse_json(std::string_view(body).substr(at + 6, body.find('\n', at) - at - 6)));
  }
  return events;
}

TEST_F(AudioTest, SpeaksInEachFormat) {
  const struct {
    const char* format;
    const char* content_type;
    const char* sniffed;
  } cases[] = {{"mp3", "audio/mpeg", "audio/mpeg"},
               {"opus", "audio/opus", "audio/ogg"},
               {"flac", "audio/flac", "audio/flac"},
               {"wav", "audio/wav", "audio/wav"},
               {"pcm", "audio/pcm", ""}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.format);
    const auto reply = speak({{"response_format", c.format}}, "/hf/v1");
    ASSERT_EQ(reply.status(), 200) << reply.body;
    EXPECT_EQ(reply.header("content-type"), c.content_type);
    EXPECT_TRUE(reply.whole);
    EXPECT_EQ(audio::media_type_of(reply.body).value_or(""), c.sniffed);
    EXPECT_FALSE(reply.header("x-gembal-key").empty());
  }
  EXPECT_EQ(speak(Json::object()).header("content-type"), "audio/mpeg");
}

TEST_F(AudioTest, AllOfTheSoundArrives) {
  // The tone has a fifth of a second for each word: so many, with those that are put before.
  const auto pcm = speak({{"response_format", "pcm"}});
  const auto wav = speak({{"response_format", "wav"}});
  EXPECT_GT(pcm.body.size(), 48'000u) << "it comes in several events";
  EXPECT_TRUE(wav.body == audio::wav_header({}, pcm.body.size()) + pcm.body);
  EXPECT_EQ(wav.header("content-length"), std::to_string(wav.body.size()));
  const auto stream = speak({{"response_format", "wav"}, {"stream_format", "audio"}});
  EXPECT_TRUE(stream.body == audio::wav_header({}, std::nullopt) + pcm.body);
  EXPECT_EQ(stream.header("transfer-encoding"), "chunked");
}

TEST_F(AudioTest, VoicesDiffer) {
  const auto said_by = [this](const char* voice) {
    return speak({{"response_format", "pcm"}, {"voice", voice}}).body;
  };
  const auto alloy = said_by("alloy");
  EXPECT_TRUE(alloy == said_by("Kore"));
  EXPECT_FALSE(alloy == said_by("onyx"));
  EXPECT_TRUE(said_by("Zephyr") == said_by("nobody"));
}

TEST_F(AudioTest, SpeaksInEvents) {
  const auto reply = speak({{"response_format", "pcm"}, {"stream_format", "sse"}});
  ASSERT_EQ(reply.status(), 200) << reply.body;
  EXPECT_EQ(reply.header("content-type"), "text/event-stream; charset=utf-8");
  const auto events = events_of(reply.body);
  ASSERT_GE(events.size(), 3u);
  std::string sound;
  for (std::size_t i = 0; i + 1 < events.size(); ++i) {
    EXPECT_EQ(events[i]["type"], "speech.audio.delta");
    sound += *base64_decode(string_in(events[i], "audio"));
  }
  EXPECT_TRUE(sound == speak({{"response_format", "pcm"}}).body);
  EXPECT_EQ(events.back()["type"], "speech.audio.done");
  EXPECT_GT(events.back()["usage"]["output_tokens"].get<int>(), 0);
  EXPECT_EQ(events.back()["usage"]["total_tokens"].get<int>(),
            events.back()["usage"]["input_tokens"].get<int>() +
                events.back()["usage"]["output_tokens"].get<int>());
}

TEST_F(AudioTest, ASpeechThatBreaksOffIsNotTakenForWhole) {
  const std::string input = "sandbox:{\"fault\":\"cut,1\"} One two three four five six seven.";
  const auto sound = speak({{"input", input}, {"response_format", "pcm"}});
  EXPECT_EQ(sound.status(), 200);
  EXPECT_FALSE(sound.whole);
  const auto events = events_of(speak({{"input", input}, {"stream_format", "sse"}}).body);
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.back().contains("error"));
  const auto file = speak({{"input", input}, {"response_format", "wav"}});
  EXPECT_EQ(file.status(), 502) << "nothing of it has been sent yet";
}

TEST_F(AudioTest, RefusesBadSpeechRequests) {
  const struct {
    Json more;
    int status;
    std::string param;
  } cases[] = {
      {{{"input", ""}}, 400, "input"},
      {{{"response_format", "aac"}}, 400, "response_format"},
      {{{"speed", 9}}, 400, "speed"},
      {{{"voice", 1}}, 400, "voice"},
      {{{"input", "sandbox:{\"fault\":\"prompt-blocked\"}"}}, 400, "input"},
      {{{"model", "gemini-2.5-flash"}}, 400, ""},
      {{{"model", "gemini-0-tts"}}, 404, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(to_text(c.more));
    const auto reply = speak(c.more);
    EXPECT_EQ(reply.status(), c.status) << reply.body;
    const Json error = (*parse_json(reply.body))["error"];
    EXPECT_EQ(error["param"], c.param.empty() ? Json() : Json(c.param));
    EXPECT_EQ(error["type"], "invalid_request_error");
  }
  EXPECT_EQ(daemon_.get("/v1/audio/speech").status(), 405);
}

TEST_F(AudioTest, WritesDownWhatIsSaid) {
  const auto reply = send("/v1/audio/transcriptions", kWav, {{"model", "whisper-1"}});
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const Json json = *parse_json(reply.body);
  EXPECT_GT(json["text"].get<std::string>().size(), 20u);
  EXPECT_EQ(json["usage"]["type"], "tokens");
  EXPECT_GT(json["usage"]["input_token_details"]["audio_tokens"].get<int>(), 0);
  const auto text = send("/v1/audio/transcriptions", kWav, {{"response_format", "text"}});
  EXPECT_EQ(text.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(text.body, json["text"].get<std::string>() + "\n");
  const auto other = send("/v1/audio/transcriptions", kWav + "more", {});
  EXPECT_NE((*parse_json(other.body))["text"], json["text"]);
}

TEST_F(AudioTest, TellsWhenItIsSaid) {
  const auto srt = send("/v1/audio/transcriptions", kWav, {{"response_format", "srt"}});
  EXPECT_TRUE(srt.body.starts_with("1\n00:00:00,500 --> 00:00:0")) << srt.body;
  const auto vtt = send("/v1/audio/translations", kWav, {{"response_format", "vtt"}});
  EXPECT_EQ(vtt.header("content-type"), "text/vtt; charset=utf-8");
  EXPECT_TRUE(vtt.body.starts_with("WEBVTT\n\n00:00:00.500 --> 00:00:0")) << vtt.body;
  const auto verbose = send("/v1/audio/transcriptions", kWav,
                            {{"response_format", "verbose_json"},
                             {"timestamp_granularities[]", "segment"},
                             {"timestamp_granularities[]", "word"}});
  ASSERT_EQ(verbose.status(), 200) << verbose.body;
  const Json json = *parse_json(verbose.body);
  EXPECT_EQ(json["duration"], 2.0);
  EXPECT_EQ(json["language"], "english");
  EXPECT_EQ(json["segments"].size(), 2u);
  EXPECT_GT(json["words"].size(), 5u);
}

TEST_F(AudioTest, StreamsATranscript) {
  const auto reply =
      send("/v1/audio/transcriptions", kWav, {{"model", "gpt-4o-transcribe"}, {"stream", "true"}});
  ASSERT_EQ(reply.status(), 200) << reply.body;
  const auto events = events_of(reply.body);
  ASSERT_GE(events.size(), 2u);
  std::string text;
  for (const auto& event : events) text += string_in(event, "delta");
  EXPECT_EQ(events.back()["type"], "transcript.text.done");
  EXPECT_EQ(events.back()["text"], text);
}

TEST_F(AudioTest, RefusesBadRecordings) {
  const auto refused = [this](const Message& reply, const std::string& param) {
    EXPECT_EQ(reply.status(), 400) << reply.body;
    const Json error = (*parse_json(reply.body))["error"];
    EXPECT_EQ(error["param"], param.empty() ? Json() : Json(param)) << reply.body;
  };
  refused(send("/v1/audio/transcriptions", "", {}), "file");
  refused(send("/v1/audio/transcriptions", "I am no sound.", {}), "file");
  refused(send("/v1/audio/transcriptions", kWav, {{"response_format", "doc"}}), "response_format");
  refused(daemon_.post("/v1/audio/transcriptions", R"({"file":"a.wav"})",
                       {"Content-Type: application/json"}),
          "");
  refused(daemon_.post("/v1/audio/translations", "--B\r\ncut",
                       {"Content-Type: multipart/form-data; boundary=B"}),
          "");
}

}  // namespace
}  // namespace gembal::testing
