#include "cmd/image_making.hpp"

#include "lib/core/base64.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/json.hpp"
#include "lib/core/picture.hpp"
#include "lib/gemini/enrich.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/images/upload.hpp"

namespace gembal::cmd {
namespace {

constexpr int kTries = 2;  // of a model that makes nothing
constexpr std::size_t kReplyBytes = 512u << 20;

Error error_of(const openai::ImageRefusal& refusal) {
  const bool is_refused = refusal.code == "content_policy_violation";
  return {is_refused ? ErrorKind::refused : ErrorKind::upstream, refusal.message,
          is_refused ? "say it in other words" : ""};
}

/// Takes the last picture that is no draft.
Result<openai::MadePicture> result_of(openai::MadePictures& made) {
  for (auto at = made.pictures.rbegin(); at != made.pictures.rend(); ++at) {
    if (!at->is_draft) return std::move(*at);
  }
  return error_of(openai::refusal_of(made));
}

/// What a picture is by its bytes, whatever the model calls it.
Result<MadeImage> image_from(std::string_view base64, std::string_view media_type) {
  MadeImage image;
  if (!append_decoded(image.bytes, base64) || image.bytes.empty())
    return Error{ErrorKind::upstream, "the model's picture cannot be read", ""};
  const auto type = picture_type(image.bytes);
  image.media_type = type.empty() ? media_type : type;
  return image;
}

/// Of a picture whose address is all there is: by the address's ending.
std::string type_of_address(std::string_view url) {
  const auto dot = url.rfind('.');
  const auto type = dot == std::string_view::npos ? "" : type_of_extension(url.substr(dot + 1));
  return type.empty() ? "image/png" : std::string(type);
}

void append_field(std::string& form, const std::string& boundary, std::string_view name,
                  std::string_view value, std::string_view media_type = "") {
  form.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"");
  form.append(name).append("\"");
  if (!media_type.empty())
    form.append("; filename=\"picture\"\r\nContent-Type: ").append(media_type);
  form.append("\r\n\r\n").append(value).append("\r\n");
}

}  // namespace

ImageMaking::ImageMaking(ApiAccess& api, const openai::ImageCall& call,
                         const config::Config& config, Options options, Told told)
    : api_(api),
      call_(call),
      config_(config),
      options_(options),
      told_(std::move(told)),
      model_(options.is_direct ? call.called.model : call.called.called),
      changed_(api.loop()),
      client_(api.loop(), {}) {
  auto request = openai::image_request(call_, call_.called.model);
  if (options_.is_direct)
    gemini::enrich(request, call_.called, config_.extras, gemini::Origin::translated);
  body_ = openai::image_request_text(request, call_);
}

async::Task<void> ImageMaking::run() {
  if (options_.upload == UploadPlace::daemon) {
    co_await make_at_daemon();
    co_return;
  }
  running_ = static_cast<std::size_t>(call_.count);
  for (std::size_t number = 0; number < static_cast<std::size_t>(call_.count); ++number)
    api_.loop().spawn(make(number));
  while (running_ > 0) co_await changed_.wait();
}

async::Task<void> ImageMaking::make(std::size_t number) {
  auto image = co_await make_one();
  told_(number, std::move(image));
  --running_;
  changed_.signal();
}

async::Task<Result<openai::MadePictures>> ImageMaking::ask() {
  const auto body = co_await api_.fetch(api_.model_call(model_, "generateContent", body_));
  if (!body) co_return body.error();
  openai::MadePictures made;
  if (auto read = made.read(*body); !read) co_return std::move(read).error();
  co_return made;
}

async::Task<Result<MadeImage>> ImageMaking::make_one() {
  for (int tries = 1;; ++tries) {
    auto made = co_await ask();
    if (!made) co_return std::move(made).error();
    const bool goes_on =
        !made->has_result() && tries < kTries && openai::refusal_of(*made).may_try_again;
    if (goes_on) continue;
    auto picture = result_of(*made);
    if (!picture) co_return std::move(picture).error();
    auto image = image_from(picture->base64, picture->media_type);
    if (!image || options_.upload == UploadPlace::none) co_return image;
    auto put = co_await put_on_host(*image, std::move(picture->base64));
    if (!put) co_return std::move(put).error();
    co_return image;
  }
}

async::Task<Result<void>> ImageMaking::put_on_host(MadeImage& image, std::string base64) {
  const auto host = images::make_host(config_.images);
  const images::Picture picture{image.media_type, std::move(base64)};
  auto address = co_await images::upload(client_, *host, picture, std::chrono::system_clock::now(),
                                         api_.interrupt());
  if (!address) co_return std::move(address).error();
  image.url = *std::move(address);
  co_return Result<void>{};
}

/// The daemon's OpenAI face, which is the one that gives addresses.
upstream::Call ImageMaking::daemon_call() const {
  Json fields = {{"model", call_.called.called},
                 {"prompt", call_.prompt},
                 {"n", call_.count},
                 {"response_format", "url"}};
  if (!call_.aspect_ratio.empty()) fields["aspect_ratio"] = call_.aspect_ratio;
  if (!call_.size_class.empty()) fields["image_size"] = call_.size_class;
  auto call = api_.call("POST", "");
  if (!call_.is_edit) {
    call.url = api_.root_url("/v1/images/generations");
    call.headers.emplace_back("content-type: application/json");
    call.body = std::make_shared<const std::string>(to_text(fields));
    return call;
  }
  const std::string boundary = "gembal-" + random_hex(16);
  std::string form;
  for (const auto& [name, value] : fields.items())
    append_field(form, boundary, name,
                 value.is_string() ? value.get<std::string>() : to_text(value));
  for (const auto& input : call_.inputs)
    append_field(form, boundary, "image[]", input.bytes, input.media_type);
  form += "--" + boundary + "--\r\n";
  call.url = api_.root_url("/v1/images/edits");
  call.headers.emplace_back("content-type: multipart/form-data; boundary=" + boundary);
  call.body = std::make_shared<const std::string>(std::move(form));
  return call;
}

/// A picture that has an address. It is public: the token is for the daemon alone, and the address
/// may be another's.
async::Task<Result<MadeImage>> ImageMaking::kept_image(std::string url) {
  MadeImage image{type_of_address(url), "", url};
  if (!options_.wants_bytes) co_return image;
  http::Request request;
  request.method = "GET";
  request.url = url;
  auto reply = client_.open(std::move(request));
  const async::Interrupt::Subscription on_interrupt(api_.interrupt(), [&reply] {
    reply.abort({ErrorKind::cancelled, "interrupted", ""});
  });
  auto arrived = co_await reply.wait_for_head();
  if (!arrived) co_return std::move(arrived).error();
  while (image.bytes.size() < kReplyBytes) {
    const auto piece = co_await reply.next();
    if (!piece) break;
    image.bytes += *piece;
  }
  if (reply.error()) co_return *reply.error();
  if (reply.head().status != 200 || image.bytes.empty()) {
    co_return Error{ErrorKind::upstream, "the picture at " + url + " cannot be fetched", ""};
  }
  if (const auto type = picture_type(image.bytes); !type.empty()) image.media_type = type;
  co_return image;
}

async::Task<void> ImageMaking::make_at_daemon() {
  const auto count = static_cast<std::size_t>(call_.count);
  const auto tell_all = [this, count](std::size_t from, const Error& error) {
    for (std::size_t i = from; i < count; ++i) told_(i, error);
  };
  auto answer = co_await api_.open(daemon_call());
  if (!answer) {
    tell_all(0, answer.error());
    co_return;
  }
  const int status = answer->status();
  const auto body = co_await answer->rest(kReplyBytes);
  if (!body) {
    tell_all(0, body.error());
    co_return;
  }
  const auto reply = parse_json(*body);
  const Json* data = reply ? find(*reply, "data") : nullptr;
  if (status != 200 || !data || !data->is_array()) {
    const Json* error = reply ? find(*reply, "error") : nullptr;
    const bool is_refused = error && string_in(*error, "code") == "content_policy_violation";
    tell_all(0, {is_refused                      ? ErrorKind::refused
                 : status >= 400 && status < 500 ? ErrorKind::bad_request
                                                 : ErrorKind::upstream,
                 gemini::message_of(*body), ""});
    co_return;
  }
  std::size_t number = 0;
  for (const auto& one : *data) {
    if (number == count) break;
    const std::string url(string_in(one, "url"));
    if (!url.empty()) {
      auto image = co_await kept_image(url);
      told_(number++, std::move(image));
    } else {
      told_(number++, image_from(string_in(one, "b64_json"), "image/png"));
    }
  }
  const auto warning = string_in(*reply, "warning");
  tell_all(number, {ErrorKind::upstream,
                    warning.empty() ? "the daemon made fewer pictures" : std::string(warning), ""});
}

}  // namespace gembal::cmd
