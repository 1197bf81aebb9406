#include "daemon/routes_images.hpp"

#include "daemon/heartbeat.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/picture_making.hpp"
#include "lib/core/form.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/core/time.hpp"
#include "lib/openai/error.hpp"

namespace gembal::daemon {
namespace {

using openai::ImageRefusal;
using openai::MadePicture;

std::int64_t now_in_seconds() { return to_unix_seconds(std::chrono::system_clock::now()); }

async::Task<void> answer_failure(RequestScope& scope, const PictureNews& news) {
  if (news.error) {
    co_await answer_error(scope, *news.error);
    co_return;
  }
  const auto refusal = news.refusal.value_or(openai::refusal_of({}));
  scope.failure = refusal.message;
  Response response;
  response.status = refusal.status;
  response.headers = {{"content-type", "application/json; charset=UTF-8"}};
  response.body = openai::error_body(refusal.status, refusal.message, refusal.code, refusal.param);
  co_await answer_response(scope, std::move(response));
}

std::string message_of(const PictureNews& news) {
  return news.error ? news.error->message : news.refusal->message;
}

/// Sends pieces one after the other, in slices: a picture of megabytes is not copied whole into the
/// connection's buffer. False when the client is gone.
async::Task<bool> send(Exchange& exchange, const std::vector<std::string>& pieces) {
  constexpr std::size_t kSlice = 256 * 1024;
  for (const auto& piece : pieces) {
    for (std::size_t at = 0; at < piece.size(); at += kSlice) {
      const bool sent =
          co_await exchange.write(std::string_view(piece).substr(at, kSlice), Flush::later);
      if (!sent) co_return false;
    }
  }
  const bool sent = co_await exchange.write({}, Flush::now);
  co_return sent;
}

async::Task<void> whole_reply(RequestScope& scope, PictureMaking& making) {
  std::vector<MadePicture> pictures;
  openai::ImageReplyFacts facts;
  std::optional<PictureNews> failure;
  std::size_t failures = 0;
  for (;;) {
    auto news = co_await making.next();
    if (!news) break;
    if (news->picture) {
      if (!news->picture->is_draft) pictures.push_back(*std::move(news->picture));
      continue;
    }
    if (news->usage) facts.usage += *news->usage;
    if (!news->refusal && !news->error) continue;
    ++failures;
    failure = std::move(news);
  }
  if (scope.exchange.interrupt().raised()) co_return;
  if (pictures.empty()) {
    co_await answer_failure(scope, failure.value_or(PictureNews{}));
    co_return;
  }
  facts.created = now_in_seconds();
  facts.warnings = making.warnings();
  if (failure) {
    facts.warnings.push_back(std::to_string(failures) + " of " +
                             std::to_string(making.call().count) +
                             " pictures could not be made: " + message_of(*failure));
  }
  const auto pieces = openai::image_reply(making.call(), std::move(pictures), facts);
  std::uint64_t length = 0;
  for (const auto& piece : pieces) length += piece.size();
  auto headers = scope.headers();
  headers.emplace_back("content-type", "application/json; charset=UTF-8");
  scope.exchange.begin(200, headers, length);
  const bool sent = co_await send(scope.exchange, pieces);
  if (sent) co_await scope.exchange.finish();
}

void begin_stream(RequestScope& scope) {
  auto headers = scope.headers();
  headers.emplace_back("content-type", "text/event-stream; charset=utf-8");
  headers.emplace_back("cache-control", "no-cache");
  scope.exchange.begin(200, headers, std::nullopt);
}

/// Drafts are counted per picture; those beyond what the client wants are left out.
class Drafts {
 public:
  explicit Drafts(const openai::ImageCall& call)
      : most_(call.partial_images), shown_(static_cast<std::size_t>(call.count)) {}

  /// The draft's number; nullopt when there are enough.
  std::optional<int> number(std::size_t part) {
    if (shown_[part] >= most_) return std::nullopt;
    return shown_[part]++;
  }

 private:
  int most_;
  std::vector<int> shown_;
};

async::Task<void> end_stream(RequestScope& scope, std::optional<PictureNews> failure) {
  auto& exchange = scope.exchange;
  if (failure && !exchange.begun()) {
    co_await answer_failure(scope, *failure);
    co_return;
  }
  if (failure) {
    scope.failure = message_of(*failure);
    const int status = failure->refusal ? failure->refusal->status : 502;
    const std::string event = openai::error_event(status, scope.failure);
    const bool sent = co_await exchange.write(event, Flush::later);
    if (!sent) co_return;
  }
  co_await exchange.finish();
}

async::Task<void> streamed_reply(RequestScope& scope, PictureMaking& making) {
  auto& exchange = scope.exchange;
  Heartbeat heartbeat(exchange, scope.live->config.stream.heartbeat,
                      [&scope] { begin_stream(scope); });
  Drafts drafts(making.call());
  std::optional<PictureNews> failure;
  for (;;) {
    auto news = co_await making.next();
    if (!news) break;
    if (!news->picture) {
      if (news->refusal || news->error) failure = std::move(news);
      continue;
    }
    std::vector<std::string> pieces;
    if (news->picture->is_draft) {
      const auto number = drafts.number(news->part);
      if (!number) continue;
      pieces = openai::partial_image_event(making.call(), *std::move(news->picture), *number,
                                           now_in_seconds());
    } else {
      const openai::ImageReplyFacts facts{
          now_in_seconds(), news->usage.value_or(openai::ImageUsage{}), making.warnings()};
      pieces = openai::completed_image_event(making.call(), *std::move(news->picture), facts);
    }
    co_await heartbeat.pause();
    if (!exchange.begun()) begin_stream(scope);
    const bool sent = co_await send(exchange, pieces);
    if (!sent) co_return;
    heartbeat.resume();
  }
  co_await heartbeat.stop();
  co_await end_stream(scope, std::move(failure));
}

async::Task<void> make_pictures(RequestScope& scope, openai::ImageCall call) {
  scope.model = call.called.model;
  const bool streams = call.stream;
  std::size_t bytes = 0;
  for (const auto& input : call.inputs) bytes += input.bytes.size();
  PictureMaking making(scope, std::move(call));
  co_await compute(scope, bytes, [&making] { return making.prepare(); });
  making.start();
  if (streams) {
    co_await streamed_reply(scope, making);
  } else {
    co_await whole_reply(scope, making);
  }
  co_await making.finish();
}

/// The fields of a form as JSON, and its files by what an error is to call them.
Result<openai::ImageCall> read_edit(const Form& form, const gemini::ModelRules& rules) {
  Json fields = Json::object();
  for (const auto& part : form.parts) {
    const bool is_picture =
        part.name == "image" || part.name == "mask" || part.name.starts_with("image[");
    if (!is_picture && !part.is_file()) fields[part.name] = std::string(part.bytes);
  }
  std::vector<openai::FormFile> images;
  const auto all = form.all("image");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string name = all.size() == 1 ? "image" : "image[" + std::to_string(i) + "]";
    images.push_back({name, all[i]->bytes});
  }
  std::optional<openai::FormFile> mask;
  if (const auto* part = form.find("mask")) mask = openai::FormFile{"mask", part->bytes};
  return openai::read_image_edit(fields, images, mask, rules);
}

bool is_form(const front::RequestHead& head) {
  return lower(head.field("content-type")).starts_with("multipart/");
}

}  // namespace

async::Task<void> image_generations(RequestScope& scope) {
  if (is_form(scope.exchange.request().head)) {
    Error error{ErrorKind::bad_request, "this address takes JSON, not a form",
                "send 'content-type: application/json'; forms are for /v1/images/edits"};
    co_await answer_error(scope, std::move(error));
    co_return;
  }
  auto call =
      openai::read_image_generation(scope.exchange.request().body, scope.live->config.models.rules);
  if (!call) {
    co_await answer_error(scope, std::move(call).error());
    co_return;
  }
  co_await make_pictures(scope, *std::move(call));
}

async::Task<void> image_edits(RequestScope& scope) {
  const auto& request = scope.exchange.request();
  auto form = co_await compute(scope, request.body.size(), [&request] {
    return read_form(request.head.field("content-type"), request.body);
  });
  if (!form) {
    co_await answer_error(scope, std::move(form).error());
    co_return;
  }
  auto call = read_edit(*form, scope.live->config.models.rules);
  if (!call) {
    co_await answer_error(scope, std::move(call).error());
    co_return;
  }
  co_await make_pictures(scope, *std::move(call));
}

}  // namespace gembal::daemon
