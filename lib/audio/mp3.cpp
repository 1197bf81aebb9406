#include <lame/lame.h>

#include <algorithm>
#include <vector>

#include "lib/audio/codecs.hpp"

namespace gembal::audio {
namespace {

constexpr int kKilobitsPerChannel = 96;  // speech leaves nothing to be wished for
constexpr int kQuality = 4;  // 0 to 9: how long it looks for the best; 2 takes twice as long
constexpr std::size_t kMostFrames = 8192;

struct Closer {
  void operator()(lame_global_flags* lame) const { lame_close(lame); }
};

class Mp3Encoder final : public Encoder {
 public:
  Mp3Encoder(Pcm pcm, std::unique_ptr<lame_global_flags, Closer> lame)
      : Encoder(pcm), lame_(std::move(lame)), buffer_(kMostFrames * 5 / 4 + 7200) {}

  Result<std::string> finish() override {
    std::string file;
    const int count = lame_encode_flush(lame_.get(), buffer_.data(), size());
    return keep(count, file) ? Result<std::string>(std::move(file)) : failed();
  }

 protected:
  Result<std::string> encode_frames(std::string_view frames) override {
    std::string file;
    while (!frames.empty()) {
      const auto bytes = std::min(frames.size(), kMostFrames * frame_bytes());
      auto now = frames.substr(0, bytes);
      frames.remove_prefix(bytes);
      left_.clear();
      right_.clear();
      while (!now.empty()) {
        left_.push_back(static_cast<short>(take_sample(now)));
        if (pcm_.channels == 2) right_.push_back(static_cast<short>(take_sample(now)));
      }
      const auto& right = pcm_.channels == 2 ? right_ : left_;
      const int count = lame_encode_buffer(lame_.get(), left_.data(), right.data(),
                                           static_cast<int>(left_.size()), buffer_.data(), size());
      if (!keep(count, file)) return failed();
    }
    return file;
  }

 private:
  std::size_t frame_bytes() const { return static_cast<std::size_t>(pcm_.frame_bytes()); }
  int size() const { return static_cast<int>(buffer_.size()); }
  bool keep(int count, std::string& file) const {
    if (count < 0) return false;
    file.append(reinterpret_cast<const char*>(buffer_.data()), static_cast<std::size_t>(count));
    return true;
  }
  static Error failed() {
    return {ErrorKind::internal, "the sound could not be made into MP3", ""};
  }

  std::unique_ptr<lame_global_flags, Closer> lame_;
  std::vector<unsigned char> buffer_;
  std::vector<short> left_;
  std::vector<short> right_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_mp3_encoder(Pcm pcm) {
  std::unique_ptr<lame_global_flags, Closer> lame(lame_init());
  if (!lame) return Error{ErrorKind::internal, "the MP3 encoder could not be started", ""};
  const auto quiet = [](const char*, va_list) {};
  lame_set_errorf(lame.get(), quiet);
  lame_set_debugf(lame.get(), quiet);
  lame_set_msgf(lame.get(), quiet);
  lame_set_in_samplerate(lame.get(), pcm.rate);
  lame_set_out_samplerate(lame.get(), pcm.rate);
  lame_set_num_channels(lame.get(), pcm.channels);
  lame_set_mode(lame.get(), pcm.channels == 1 ? MONO : JOINT_STEREO);
  lame_set_VBR(lame.get(), vbr_off);
  lame_set_brate(lame.get(), kKilobitsPerChannel * pcm.channels);
  lame_set_quality(lame.get(), kQuality);
  lame_set_bWriteVbrTag(lame.get(), 0);  // would have to be filled in at the end
  if (lame_init_params(lame.get()) < 0)
    return Error{ErrorKind::internal, "the MP3 encoder refuses this kind of sound", ""};
  return std::unique_ptr<Encoder>(std::make_unique<Mp3Encoder>(pcm, std::move(lame)));
}

}  // namespace gembal::audio
