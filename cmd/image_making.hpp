#pragma once

#include <functional>
#include <string>

#include "cmd/api_access.hpp"
#include "lib/gemini/extras.hpp"
#include "lib/openai/image_reply.hpp"
#include "lib/openai/images.hpp"

namespace gembal::cmd {

/// A picture for the user: its bytes, an address, or both.
struct MadeImage {
  std::string media_type;
  std::string bytes;  ///< "": a daemon keeps it, at `url`
  std::string url;    ///< "": it was not uploaded
};

/// Where pictures are to be uploaded.
enum class UploadPlace {
  none,
  host,    ///< the one in images.upload
  daemon,  ///< the daemon makes the pictures and keeps them
};

/// Makes the pictures of a request side by side, each with whichever key is next. A model that
/// makes nothing is asked once more. Lives on the loop of the access.
class ImageMaking {
 public:
  struct Options {
    UploadPlace upload = UploadPlace::none;
    bool wants_bytes = true;  ///< also of what a daemon keeps
    bool is_direct = true;  ///< without a daemon: what the operator adds to requests is added here
  };
  /// Told of each picture, or why there is none, with its number from 0; in any order. Once for
  /// each.
  using Told = std::function<void(std::size_t, Result<MadeImage>)>;

  /// All must outlive it.
  ImageMaking(ApiAccess& api, const openai::ImageCall& call, const config::Config& config,
              Options options, Told told);

  /// Ends when all have been told.
  async::Task<void> run();

 private:
  async::Task<void> make(std::size_t number);
  async::Task<Result<MadeImage>> make_one();
  async::Task<Result<openai::MadePictures>> ask();
  async::Task<Result<void>> put_on_host(MadeImage& image, std::string base64);
  async::Task<void> make_at_daemon();
  async::Task<Result<MadeImage>> kept_image(std::string url);
  upstream::Call daemon_call() const;

  ApiAccess& api_;
  const openai::ImageCall& call_;
  const config::Config& config_;
  const Options options_;
  const Told told_;
  std::string model_;
  std::string body_;
  std::size_t running_ = 0;
  async::Event changed_;
  http::Client client_;  ///< for hosts of pictures
};

}  // namespace gembal::cmd
