#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/request.hpp"
#include "lib/openai/image_reply.hpp"

namespace gembal::daemon {

/// What one of the calls that make pictures has come to: a picture, or its end.
struct PictureNews {
  std::size_t part = 0;                         ///< which of the calls
  std::optional<openai::MadePicture> picture;   ///< none: this part has ended
  std::optional<openai::ImageUsage> usage;      ///< with the end, and with a stream's last picture
  std::optional<openai::ImageRefusal> refusal;  ///< why it ended without a picture
  std::optional<Error> error;  ///< in place of `refusal`: an error of ours, with its headers
};

/// Makes the pictures of a request side by side, each by a call of its own, with whichever keys are
/// next. Lives on the request's loop.
///
/// Pictures for which an address is wanted are uploaded as soon as they are there. A call that ends
/// without a picture is made once more when that may help. Nothing is held against a key for what a
/// model refuses.
class PictureMaking {
 public:
  /// Both must outlive it. The pictures that the call names, too.
  PictureMaking(RequestScope& scope, openai::ImageCall call);

  /// Makes the body of the calls, which may have megabytes: on a worker, then. Returns true.
  bool prepare();

  /// Starts the calls. finish() must be awaited before this is destroyed.
  void start();

  /// What is next; nullopt when all parts have ended.
  async::Task<std::optional<PictureNews>> next();

  /// Waits until nothing runs any more.
  async::Task<void> finish();

  const openai::ImageCall& call() const { return call_; }
  /// What could not be had, of the request and of what was found out since; each once.
  const std::vector<std::string>& warnings() const { return call_.warnings; }

 private:
  struct Outcome;
  async::Task<void> run_part(std::size_t part);
  async::Task<Outcome> try_part(RequestScope& scope, std::size_t part);
  async::Task<Outcome> read_whole(RequestScope& scope, std::size_t part, upstream::Answer answer);
  async::Task<Outcome> read_stream(RequestScope& scope, std::size_t part, upstream::Answer answer);
  async::Task<void> pass_on(RequestScope& scope, std::size_t part, openai::MadePictures& made);
  upstream::Call call_for(RequestScope& scope, const std::string& model);
  const std::shared_ptr<const std::string>& body_for(const std::string& model);
  void tell(PictureNews news);
  void warn(const std::string& text);

  RequestScope& scope_;
  openai::ImageCall call_;
  std::map<std::string, std::shared_ptr<const std::string>> bodies_;  ///< by model
  std::deque<PictureNews> news_;
  async::Event changed_;
  std::size_t running_ = 0;
};

}  // namespace gembal::daemon
