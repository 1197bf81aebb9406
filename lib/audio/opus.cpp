#include <opusenc.h>

#include <vector>

#include "lib/audio/codecs.hpp"

namespace gembal::audio {
namespace {

constexpr int kBitsPerChannel = 48'000;
constexpr int kLongestPage = 10'000;  // samples of 1/48 ms: so much sound waits at most

struct CommentsFreer {
  void operator()(OggOpusComments* comments) const { ope_comments_destroy(comments); }
};
struct EncoderFreer {
  void operator()(OggOpusEnc* encoder) const { ope_encoder_destroy(encoder); }
};

class OpusEncoder final : public Encoder {
 public:
  explicit OpusEncoder(Pcm pcm) : Encoder(pcm) {}

  Result<void> start() {
    std::unique_ptr<OggOpusComments, CommentsFreer> comments(ope_comments_create());
    int failure = OPE_OK;
    if (comments)
      opus_.reset(ope_encoder_create_pull(comments.get(), pcm_.rate, pcm_.channels, 0, &failure));
    if (!opus_ || failure != OPE_OK)
      return Error{ErrorKind::internal, "the Opus encoder could not be started", ""};
    ope_encoder_ctl(opus_.get(), OPUS_SET_BITRATE(kBitsPerChannel * pcm_.channels));
    ope_encoder_ctl(opus_.get(), OPE_SET_MUXING_DELAY(kLongestPage));
    ope_encoder_ctl(opus_.get(), OPE_SET_DECISION_DELAY(0));  // else two seconds are held back
    return {};
  }

  Result<std::string> finish() override {
    // libopusenc 0.2.1 aborts the process when it is ended before its first sample.
    const std::vector<opus_int16> silence(static_cast<std::size_t>(pcm_.channels));
    if (!has_sound_ && ope_encoder_write(opus_.get(), silence.data(), 1) != OPE_OK) return failed();
    if (ope_encoder_drain(opus_.get()) != OPE_OK) return failed();
    return pages(true);
  }

 protected:
  Result<std::string> encode_frames(std::string_view frames) override {
    samples_.clear();
    while (!frames.empty()) samples_.push_back(static_cast<opus_int16>(take_sample(frames)));
    const auto count = static_cast<int>(samples_.size()) / pcm_.channels;
    has_sound_ = true;
    if (ope_encoder_write(opus_.get(), samples_.data(), count) != OPE_OK) return failed();
    return pages(false);
  }

 private:
  std::string pages(bool all) {
    std::string file;
    unsigned char* page = nullptr;
    opus_int32 length = 0;
    while (ope_encoder_get_page(opus_.get(), &page, &length, all ? 1 : 0) == 1)
      file.append(reinterpret_cast<const char*>(page), static_cast<std::size_t>(length));
    return file;
  }
  static Error failed() {
    return {ErrorKind::internal, "the sound could not be made into Opus", ""};
  }

  std::unique_ptr<OggOpusEnc, EncoderFreer> opus_;
  std::vector<opus_int16> samples_;
  bool has_sound_ = false;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_opus_encoder(Pcm pcm) {
  auto encoder = std::make_unique<OpusEncoder>(pcm);
  if (auto started = encoder->start(); !started) return std::move(started).error();
  return std::unique_ptr<Encoder>(std::move(encoder));
}

}  // namespace gembal::audio
