#include <FLAC/stream_encoder.h>

#include <vector>

#include "lib/audio/codecs.hpp"

namespace gembal::audio {
namespace {

constexpr unsigned kCompression = 5;  // 0 to 8

struct Freer {
  void operator()(FLAC__StreamEncoder* encoder) const { FLAC__stream_encoder_delete(encoder); }
};

class FlacEncoder final : public Encoder {
 public:
  explicit FlacEncoder(Pcm pcm) : Encoder(pcm), flac_(FLAC__stream_encoder_new()) {}
  ~FlacEncoder() override { flac_.reset(); }  // its end writes into file_

  Result<void> start() {
    auto* flac = flac_.get();
    const bool set =
        flac && FLAC__stream_encoder_set_channels(flac, static_cast<unsigned>(pcm_.channels)) &&
        FLAC__stream_encoder_set_bits_per_sample(flac, 16) &&
        FLAC__stream_encoder_set_sample_rate(flac, static_cast<unsigned>(pcm_.rate)) &&
        FLAC__stream_encoder_set_compression_level(flac, kCompression);
    // Without a way to seek back, the head stays without a length, as in any stream.
    if (!set || FLAC__stream_encoder_init_stream(flac, write, nullptr, nullptr, nullptr, this) !=
                    FLAC__STREAM_ENCODER_INIT_STATUS_OK) {
      return Error{ErrorKind::internal, "the FLAC encoder could not be started", ""};
    }
    return {};
  }

  Result<std::string> finish() override {
    if (!FLAC__stream_encoder_finish(flac_.get())) return failed();
    return std::exchange(file_, {});
  }

 protected:
  Result<std::string> encode_frames(std::string_view frames) override {
    samples_.clear();
    while (!frames.empty()) samples_.push_back(take_sample(frames));
    const auto count =
        static_cast<unsigned>(samples_.size()) / static_cast<unsigned>(pcm_.channels);
    if (!FLAC__stream_encoder_process_interleaved(flac_.get(), samples_.data(), count))
      return failed();
    return std::exchange(file_, {});
  }

 private:
  static FLAC__StreamEncoderWriteStatus write(const FLAC__StreamEncoder*, const FLAC__byte bytes[],
                                              std::size_t count, std::uint32_t, std::uint32_t,
                                              void* self) {
    static_cast<FlacEncoder*>(self)->file_.append(reinterpret_cast<const char*>(bytes), count);
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
  }
  static Error failed() {
    return {ErrorKind::internal, "the sound could not be made into FLAC", ""};
  }

  std::string file_;  ///< what has not been given yet
  std::vector<FLAC__int32> samples_;
  std::unique_ptr<FLAC__StreamEncoder, Freer> flac_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_flac_encoder(Pcm pcm) {
  auto encoder = std::make_unique<FlacEncoder>(pcm);
  if (auto started = encoder->start(); !started) return std::move(started).error();
  return std::unique_ptr<Encoder>(std::move(encoder));
}

}  // namespace gembal::audio
