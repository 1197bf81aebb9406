#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"

namespace gembal::config {

std::vector<Setting> stream_settings() {
  return {
      text("audio.tts_model", "gemini-3.8-flash-tts",
           place(&Config::audio, &AudioOptions::tts_model))
          .original("TTS_MODEL")
          .means("the model that reads out where none of Gemini's is asked for"),
      text("audio.voice", "Zephyr", place(&Config::audio, &AudioOptions::voice))
          .original("TTS_VOICE_NAME")
          .means("Gemini's voice where none is asked for, or one that nobody knows"),
      choice("audio.speed", "normal", {"slow", "normal", "fast"},
             place(&Config::audio, &AudioOptions::speed))
          .original("TTS_SPEED")
          .means("how fast texts are read out: slow, normal or fast"),
      text("audio.transcription_model", "gemini-flash-latest",
           place(&Config::audio, &AudioOptions::transcription_model))
          .means("the model that writes recordings down where none of Gemini's is asked for"),
      duration("stream.heartbeat", "15s", place(&Config::stream, &StreamOptions::heartbeat))
          .means("between two comment lines in an OpenAI stream while nothing else comes; 0: none"),
      flag("stream.optimizer", false,
           place(&Config::stream, &StreamOptions::pacing, &gemini::PacingRules::enabled))
          .original("STREAM_OPTIMIZER_ENABLED")
          .means("whether streamed text is cut into small pieces that come evenly"),
      duration("stream.min_delay", "16ms",
               place(&Config::stream, &StreamOptions::pacing, &gemini::PacingRules::min_delay))
          .original("STREAM_MIN_DELAY", in_seconds)
          .means("after a piece of a text as long as stream.long_text"),
      duration("stream.max_delay", "24ms",
               place(&Config::stream, &StreamOptions::pacing, &gemini::PacingRules::max_delay))
          .original("STREAM_MAX_DELAY", in_seconds)
          .means("after a piece of a text no longer than stream.short_text; lengths between have "
                 "delays between"),
      number("stream.short_text", 10, 1, 1'000'000,
             place(&Config::stream, &StreamOptions::pacing, &gemini::PacingRules::short_text))
          .original("STREAM_SHORT_TEXT_THRESHOLD")
          .means("characters"),
      number("stream.long_text", 50, 1, 1'000'000,
             place(&Config::stream, &StreamOptions::pacing, &gemini::PacingRules::long_text))
          .original("STREAM_LONG_TEXT_THRESHOLD")
          .means(
              "characters; longer texts come in pieces of stream.chunk_size, shorter ones by character"),
      number("stream.chunk_size", 5, 1, 1'000'000,
             place(&Config::stream, &StreamOptions::pacing, &gemini::PacingRules::chunk_size))
          .original("STREAM_CHUNK_SIZE")
          .means("characters in a piece of a long text"),
      flag("stream.fake", false, place(&Config::stream, &StreamOptions::fake))
          .original("FAKE_STREAM_ENABLED")
          .means(
              "whether streams are made of whole replies, with signs of life until one is there"),
      duration("stream.fake_interval", "5s", place(&Config::stream, &StreamOptions::fake_interval))
          .original("FAKE_STREAM_EMPTY_DATA_INTERVAL_SECONDS", in_seconds)
          .means("between two of these signs; 0: none"),
  };
}

}  // namespace gembal::config
