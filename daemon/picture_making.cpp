#include "daemon/picture_making.hpp"

#include <algorithm>

#include "daemon/open_upstream.hpp"
#include "daemon/picture_hosting.hpp"
#include "lib/core/json.hpp"
#include "lib/core/release.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/enrich.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/sse/parser.hpp"

namespace gembal::daemon {
namespace {

using openai::ImageRefusal;
using openai::MadePictures;
using upstream::Answer;
using upstream::Form;

constexpr std::size_t kReplyBytes = 256u << 20;
constexpr std::size_t kErrorBodyBytes = 1 << 20;
constexpr int kTries = 2;  // of a model that makes nothing

ImageRefusal failed(int status, std::string message) {
  ImageRefusal refusal;
  refusal.status = status;
  refusal.message = std::move(message);
  return refusal;
}

}  // namespace

/// What one try of a part came to.
struct PictureMaking::Outcome {
  bool made = false;
  std::optional<openai::ImageUsage> usage;
  std::optional<ImageRefusal> refusal;
  std::optional<Error> error;
};

PictureMaking::PictureMaking(RequestScope& scope, openai::ImageCall call)
    : scope_(scope), call_(std::move(call)), changed_(scope.exchange.loop()) {}

void PictureMaking::start() {
  running_ = static_cast<std::size_t>(call_.count);
  for (std::size_t part = 0; part < static_cast<std::size_t>(call_.count); ++part)
    scope_.exchange.loop().spawn(run_part(part));
}

async::Task<std::optional<PictureNews>> PictureMaking::next() {
  while (news_.empty()) {
    if (running_ == 0) co_return std::nullopt;
    co_await changed_.wait();
  }
  auto news = std::move(news_.front());
  news_.pop_front();
  co_return news;
}

async::Task<void> PictureMaking::finish() {
  while (running_ > 0) co_await changed_.wait();
}

void PictureMaking::tell(PictureNews news) {
  news_.push_back(std::move(news));
  changed_.signal();
}

void PictureMaking::warn(const std::string& text) {
  auto& all = call_.warnings;
  if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(text);
}

bool PictureMaking::prepare() { return body_for(call_.called.model) != nullptr; }

const std::shared_ptr<const std::string>& PictureMaking::body_for(const std::string& model) {
  auto& body = bodies_[model];
  if (!body) {
    auto request = openai::image_request(call_, model);
    auto called = call_.called;
    called.model = model;
    gemini::enrich(request, called, scope_.live->config.extras, gemini::Origin::translated);
    body = std::make_shared<const std::string>(openai::image_request_text(request, call_));
  }
  return body;
}

upstream::Call PictureMaking::call_for(RequestScope& scope, const std::string& model) {
  const bool streams = call_.stream;
  auto call = scope.call(scope.live->upstream.url(
      "/models/" + model + (streams ? ":streamGenerateContent" : ":generateContent"),
      streams ? "alt=sse" : ""));
  call.headers.emplace_back("content-type: application/json");
  call.body = body_for(model);
  call.model = model;
  call.form = streams ? Form::sse : Form::unary;
  return call;
}

/// A part has a scope of its own, so that the parts do not write into each other's; what it found
/// out is added to the request's when it ends.
async::Task<void> PictureMaking::run_part(std::size_t part) {
  RequestScope own{scope_.exchange, scope_.services, scope_.live, scope_.route, call_.called.model};
  own.caller = scope_.caller;
  own.trail = scope_.trail;
  Outcome outcome;
  for (int tries = 0; tries < kTries; ++tries) {
    outcome = co_await try_part(own, part);
    if (outcome.made || !outcome.refusal || !outcome.refusal->may_try_again) break;
  }
  PictureNews end;
  end.part = part;
  end.usage = outcome.usage;
  if (!outcome.made) {
    end.refusal = std::move(outcome.refusal);
    end.error = std::move(outcome.error);
  }
  auto& journey = scope_.journey;
  std::move(own.journey.left.begin(), own.journey.left.end(), std::back_inserter(journey.left));
  journey.proxy = own.journey.proxy;
  journey.waiting = std::max(journey.waiting, own.journey.waiting);
  if (!own.key_id.empty()) scope_.key_id = own.key_id;
  if (!own.answering_model.empty()) scope_.answering_model = own.answering_model;
  --running_;
  tell(std::move(end));
}

async::Task<PictureMaking::Outcome> PictureMaking::try_part(RequestScope& scope, std::size_t part) {
  Outcome outcome;
  auto answer = co_await open_upstream(
      scope, call_.called.model,
      [this, &scope](const std::string& model) { return call_for(scope, model); });
  if (!answer) {
    outcome.error = std::move(answer).error();
    co_return outcome;
  }
  if (answer->status() != 200) {
    const auto body = co_await answer->rest(kErrorBodyBytes);
    const std::string message = body ? gemini::message_of(*body) : body.error().message;
    outcome.refusal = failed(answer->status() >= 400 ? answer->status() : 502, message);
    co_return outcome;
  }
  if (call_.stream) {
    outcome = co_await read_stream(scope, part, *std::move(answer));
  } else {
    outcome = co_await read_whole(scope, part, *std::move(answer));
  }
  co_return outcome;
}

async::Task<PictureMaking::Outcome> PictureMaking::read_whole(RequestScope& scope, std::size_t part,
                                                              Answer answer) {
  Outcome outcome;
  auto body = co_await answer.rest(kReplyBytes);
  if (!body) {
    outcome.error = std::move(body).error();
    co_return outcome;
  }
  MadePictures made;
  auto read = co_await compute(scope, body->size(),
                               [&] { return made.read(*body, body->capacity() - body->size()); });
  release(*body);  // the pictures have been taken out
  if (!read) {
    outcome.error = std::move(read).error();
    co_return outcome;
  }
  outcome.usage = made.usage;
  outcome.made = made.has_result();
  if (!outcome.made) outcome.refusal = openai::refusal_of(made);
  co_await pass_on(scope, part, made);
  co_return outcome;
}

async::Task<PictureMaking::Outcome> PictureMaking::read_stream(RequestScope& scope,
                                                               std::size_t part, Answer answer) {
  Outcome outcome;
  sse::Parser events;
  MadePictures made;
  while (const auto piece = co_await answer.next()) {
    events.feed(*piece);
    while (const auto event = events.next()) {
      auto read = co_await compute(scope, event->data.size(),
                                   [&] { return made.read(event->data, event->room); });
      if (!read) {
        outcome.error = std::move(read).error();
        co_return outcome;
      }
      outcome.made |= made.has_result();
      outcome.usage = made.usage;
      co_await pass_on(scope, part, made);
    }
  }
  if (answer.error()) {
    outcome.error = *answer.error();
  } else if (!trim(events.tail()).empty()) {
    outcome.error = Error{ErrorKind::upstream, gemini::message_of(events.tail()), ""};
  } else if (made.finish_reason.empty() && made.block_reason.empty()) {
    outcome.error = Error{ErrorKind::upstream,
                          "the upstream ended the stream before the picture was complete", ""};
  } else if (!outcome.made) {
    outcome.refusal = openai::refusal_of(made);
  }
  co_return outcome;
}

/// Takes the pictures out of `made` and passes them on, uploaded where an address is wanted.
async::Task<void> PictureMaking::pass_on(RequestScope& scope, std::size_t part,
                                         MadePictures& made) {
  auto pictures = std::exchange(made.pictures, {});
  for (auto& one : pictures) {
    const bool is_wanted = call_.output_format.empty() ||
                           one.media_type == "image/" + call_.output_format || one.is_draft;
    if (!is_wanted) warn("the model's picture is " + one.media_type + ", whatever was asked for");
    if (call_.wants_url && !one.is_draft) {
      images::Picture picture{one.media_type, std::move(one.base64)};
      auto address = co_await host_picture(scope, picture);
      if (address) {
        one.url = *std::move(address);
      } else {
        one.base64 = std::move(picture.base64);
        if (address.error().kind != ErrorKind::cancelled)
          warn(address.error().message + "; the picture is sent itself");
      }
    }
    PictureNews news;
    news.part = part;
    news.picture = std::move(one);
    news.usage = made.usage;
    tell(std::move(news));
  }
}

}  // namespace gembal::daemon
