#include "lib/openai/transcription.hpp"

#include <gtest/gtest.h>

#include "lib/audio/pcm.hpp"
#include "lib/openai/transcript.hpp"
#include "lib/openai/transcription_rendering.hpp"

namespace gembal::openai {
namespace {

const std::string kWav = audio::wav_header({}, 48'000) + std::string(48'000, '\1');

/// A form with a recording and these fields.
Form form_with(std::vector<std::pair<std::string, std::string_view>> fields,
               std::string_view file = kWav) {
  Form form;
  form.parts.push_back({"file", "speech.wav", "application/octet-stream", file});
  for (auto& [name, value] : fields) form.parts.push_back({name, "", "", value});
  return form;
}

Result<TranscriptionCall> read(const Form& form, bool translates = false) {
  return read_transcription(form, translates, "gemini-flash-latest");
}

TEST(TranscriptionTest, ReadsTheForm) {
  const auto call = read(form_with({{"model", "whisper-1"},
                                    {"language", "de"},
                                    {"prompt", "Umbriel"},
                                    {"temperature", "0.2"},
                                    {"stream", "true"}}));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->model, "gemini-flash-latest");
  EXPECT_EQ(call->media_type, "audio/wav");
  EXPECT_EQ(call->seconds, 1.0);
  EXPECT_TRUE(call->stream);
  const auto body = transcription_body(*call, call->model);
  const auto text = body["contents"][0]["parts"][0]["text"].get<std::string>();
  EXPECT_NE(text.find("Transcribe this recording"), std::string::npos);
  EXPECT_NE(text.find("The language spoken is de."), std::string::npos);
  EXPECT_NE(text.find("Umbriel"), std::string::npos);
  EXPECT_EQ(body["contents"][0]["parts"][1]["inlineData"]["mimeType"], "audio/wav");
  EXPECT_EQ(body["generationConfig"]["temperature"], 0.2);
  EXPECT_FALSE(body["generationConfig"].contains("responseMimeType"));
}

TEST(TranscriptionTest, ChoosesTheModel) {
  const auto model = [](const char* asked) { return read(form_with({{"model", asked}}))->model; };
  EXPECT_EQ(read(form_with({}))->model, "gemini-flash-latest");
  EXPECT_EQ(model("gpt-4o-transcribe-diarize"), "gemini-flash-latest");
  EXPECT_EQ(model("models/gemini-2.5-pro"), "gemini-2.5-pro");
}

TEST(TranscriptionTest, TimesAreAskedForByASchema) {
  const auto schema = [](const char* format, std::vector<std::string> granularities = {}) {
    auto form = form_with({{"response_format", format}});
    for (const auto& one : granularities)
      form.parts.push_back({"timestamp_granularities[]", "", "", one});
    const auto call = read(form);
    EXPECT_TRUE(call) << call.error().message;
    return transcription_body(*call, "gemini-3.8-flash")["generationConfig"]["responseJsonSchema"];
  };
  const Json plain = schema("srt")["properties"]["segments"]["items"]["properties"];
  EXPECT_TRUE(plain.contains("start") && plain.contains("end") && plain.contains("text"));
  EXPECT_FALSE(plain.contains("words") || plain.contains("speaker"));
  const Json words = schema("verbose_json", {"word"})["properties"]["segments"]["items"];
  EXPECT_TRUE(words["properties"].contains("words"));
  const Json speakers = schema("diarized_json")["properties"]["segments"]["items"];
  EXPECT_TRUE(speakers["properties"].contains("speaker"));
  EXPECT_TRUE(schema("json").is_null());
}

TEST(TranscriptionTest, SaysWhatIsWrong) {
  Form without_file;
  without_file.parts.push_back({"model", "", "", "whisper-1"});
  const std::string long_hint(20'000, 'a');
  const struct {
    const char* name;
    Form form;
    std::string param;
  } cases[] = {
      {"no file", without_file, "file"},
      {"an empty file", form_with({}, ""), "file"},
      {"a file that is no sound", form_with({}, "Hello, I am a text file."), "file"},
      {"a picture", form_with({}, "\x89PNG\r\n\x1a\n"), "file"},
      {"an unknown format", form_with({{"response_format", "docx"}}), "response_format"},
      {"a stream that is neither on nor off", form_with({{"stream", "maybe"}}), "stream"},
      {"a temperature that is no number", form_with({{"temperature", "warm"}}), "temperature"},
      {"a temperature out of range", form_with({{"temperature", "3"}}), "temperature"},
      {"a granularity that there is not",
       form_with({{"response_format", "verbose_json"}, {"timestamp_granularities[]", "letter"}}),
       "timestamp_granularities"},
      {"times that the format has not", form_with({{"timestamp_granularities[]", "word"}}),
       "timestamp_granularities"},
      {"a model that is no name", form_with({{"model", "a b"}}), "model"},
      {"a long language", form_with({{"language", std::string_view(long_hint).substr(0, 100)}}),
       "language"},
      {"a long prompt", form_with({{"prompt", long_hint}}), "prompt"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto call = read(c.form);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().kind, ErrorKind::bad_request);
    EXPECT_EQ(call.error().param, c.param) << call.error().message;
  }
  const auto call = read(form_with({{"response_format", "diarized_json"}}), true);
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().param, "response_format");
  const std::string large(kMostRecordedBytes + 1, '\0');
  EXPECT_EQ(read(form_with({}, large)).error().kind, ErrorKind::too_large);
}

TEST(TranscriptionTest, ReadsTimesAsModelsWriteThem) {
  const struct {
    Json written;
    double expected;  ///< -1: none
  } cases[] = {
      {"00:01.500", 1.5}, {"01:02.250", 62.25},
      {"1:00:02", 3602},  {"00:01,500", 1.5},
      {"2.5", 2.5},       {" 00:03 ", 3},
      {3.25, 3.25},       {7, 7},
      {"a minute", -1},   {"", -1},
      {"-1", -1},         {-1, -1},
      {"1:2:3:4", -1},    {nullptr, -1},
      {1e9, -1},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(seconds_in(c.written).value_or(-1), c.expected) << c.written;
  }
}

const char* const kTimed =
    R"({"language":"English","segments":[
    {"start":"00:00.500","end":"00:02.000","text":" Hello there. ","speaker":"A",
     "words":[{"word":"Hello","start":"00:00.500","end":"00:01.000"},
              {"word":"there.","start":"00:01.000","end":"00:02.000"}]},
    {"start":"00:01.000","end":"00:00.900","text":"General.","speaker":"B"},
    {"start":"bad","text":""}]})";

std::string whole(const char* format, const std::string& said, bool translates = false,
                  std::vector<std::string> granularities = {}) {
  auto form = form_with({{"response_format", format}});
  for (const auto& one : granularities)
    form.parts.push_back({"timestamp_granularities[]", "", "", one});
  TranscriptionRendering rendering(*read(form, translates));
  gemini::Reply reply;
  reply.usage = gemini::Usage{50, 0, 7, 2, 40, 0};
  gemini::Candidate candidate;
  gemini::Piece piece;
  piece.text = said;
  candidate.pieces.push_back(piece);
  candidate.finish_reason = "STOP";
  reply.candidates.push_back(candidate);
  auto text = rendering.whole({reply});
  return text ? *text : "error: " + text.error().message;
}

TEST(TranscriptionTest, WritesEachFormat) {
  EXPECT_EQ(whole("text", " Hello.\n"), "Hello.\n");
  EXPECT_EQ(whole("json", "Hello."),
            R"({"text":"Hello.","usage":{"type":"tokens","input_tokens":50,"input_token_details":)"
            R"({"text_tokens":10,"audio_tokens":40},"output_tokens":9,"total_tokens":59}})");
  EXPECT_EQ(whole("srt", kTimed),
            "1\n00:00:00,500 --> 00:00:02,000\nHello there.\n\n"
            "2\n00:00:01,000 --> 00:00:01,000\nGeneral.\n\n");
  EXPECT_EQ(whole("vtt", kTimed),
            "WEBVTT\n\n00:00:00.500 --> 00:00:02.000\nHello there.\n\n"
            "00:00:01.000 --> 00:00:01.000\nGeneral.\n\n");
  const Json verbose = *parse_json(whole("verbose_json", kTimed));
  EXPECT_EQ(verbose["task"], "transcribe");
  EXPECT_EQ(verbose["language"], "english");
  EXPECT_EQ(verbose["duration"], 1.0);
  EXPECT_EQ(verbose["text"], "Hello there. General.");
  ASSERT_EQ(verbose["segments"].size(), 2u);
  EXPECT_EQ(verbose["segments"][1]["id"], 1);
  EXPECT_EQ(verbose["segments"][0]["start"], 0.5);
  EXPECT_EQ(verbose["usage"], Json({{"type", "duration"}, {"seconds", 1.0}}));
  EXPECT_FALSE(verbose.contains("words"));
  const Json words = *parse_json(whole("verbose_json", kTimed, false, {"word"}));
  EXPECT_FALSE(words.contains("segments"));
  ASSERT_EQ(words["words"].size(), 2u);
  EXPECT_EQ(words["words"][1], Json({{"word", "there."}, {"start", 1.0}, {"end", 2.0}}));
  const Json speakers = *parse_json(whole("diarized_json", kTimed));
  EXPECT_EQ(speakers["segments"][1]["speaker"], "B");
  EXPECT_EQ(speakers["segments"][1]["type"], "transcript.text.segment");
  EXPECT_EQ((*parse_json(whole("verbose_json", kTimed, true)))["task"], "translate");
}

TEST(TranscriptionTest, NothingSaidIsAnEmptyText) {
  EXPECT_EQ(whole("text", "[nobody speaks]"), "\n");
  EXPECT_EQ((*parse_json(whole("json", "[nobody speaks]\n")))["text"], "");
  EXPECT_EQ(whole("srt", R"({"language":"","segments":[]})"), "");
  EXPECT_EQ(whole("vtt", R"({"language":"","segments":[]})"), "WEBVTT\n\n");
}

TEST(TranscriptionTest, AnUnreadableTranscriptIsAnError) {
  for (const char* said : {"Hello.", "{}", R"({"segments":1})"})
    EXPECT_EQ(whole("srt", said), "error: the model's transcript cannot be read");
}

gemini::Reply event_of(const std::string& text, const std::string& finish = "") {
  gemini::Reply reply;
  gemini::Candidate candidate;
  gemini::Piece piece;
  piece.text = text;
  if (!text.empty()) candidate.pieces.push_back(piece);
  candidate.finish_reason = finish;
  reply.candidates.push_back(candidate);
  return reply;
}

TEST(TranscriptionTest, StreamsDeltasAndTheWhole) {
  TranscriptionRendering rendering(*read(form_with({{"stream", "true"}})));
  EXPECT_EQ(rendering.push(event_of("Hel"), 0),
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"Hel\"}\n\n");
  EXPECT_FALSE(rendering.finished());
  EXPECT_EQ(rendering.push(event_of("lo.", "STOP"), 0),
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"lo.\"}\n\n");
  EXPECT_TRUE(rendering.finished());
  const auto end = rendering.finish();
  EXPECT_TRUE(end.starts_with(
      "data: {\"type\":\"transcript.text.done\",\"text\":\"Hello.\",\"usage\":{\"type\":\"tokens\""))
      << end;
}

TEST(TranscriptionTest, AStreamInWhichNobodySpeaksSaysNothing) {
  TranscriptionRendering rendering(*read(form_with({{"stream", "1"}})));
  EXPECT_EQ(rendering.push(event_of("[nobody"), 0), "");
  EXPECT_EQ(rendering.push(event_of(" speaks]", "STOP"), 0), "");
  EXPECT_TRUE(
      rendering.finish().starts_with("data: {\"type\":\"transcript.text.done\",\"text\":\"\""));
  TranscriptionRendering other(*read(form_with({{"stream", "1"}})));
  EXPECT_EQ(other.push(event_of("[nobody"), 0), "");
  EXPECT_EQ(other.push(event_of(" knows]", "STOP"), 0),
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"[nobody knows]\"}\n\n");
}

TEST(TranscriptionTest, ARefusalSaysSo) {
  TranscriptionRendering rendering(*read(form_with({})));
  gemini::Reply blocked;
  blocked.refusal = "The prompt was blocked (SAFETY).";
  const auto text = rendering.whole({blocked});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::bad_request);
  EXPECT_EQ(text.error().param, "file");
}

}  // namespace
}  // namespace gembal::openai
