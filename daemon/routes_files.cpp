#include "daemon/routes_files.hpp"

#include <algorithm>

#include "daemon/open_upstream.hpp"
#include "daemon/owning.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/text.hpp"

namespace gembal::daemon {
namespace {

using upstream::Answer;

constexpr std::size_t kStartBytes = 1 << 20;  // a session begins with a file's description
constexpr std::size_t kReplyBytes = 1 << 20;
constexpr auto kSessionLife = std::chrono::hours{48};
constexpr auto kSessionRests = std::chrono::hours{1};  // after its end

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

/// The client's body, as it arrives.
class ClientBody final : public http::BodySource {
 public:
  explicit ClientBody(Exchange& exchange) : exchange_(exchange) {
    length = exchange.request().head.content_length;
    if (!length && !exchange.request().head.chunked) length = 0;
  }
  async::Task<Result<std::optional<std::string>>> next() override {
    auto piece = co_await exchange_.next_body_piece();
    if (!piece) failure_ = piece.error();
    co_return std::move(piece);
  }

  /// Why the client's bytes did not all come; nullopt when they did.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Exchange& exchange_;
  std::optional<Error> failure_;
};

/// The whole body, when it is a small one. Errors: too_large, and those of the exchange.
async::Task<Result<std::string>> small_body(Exchange& exchange) {
  std::string body;
  for (;;) {
    auto piece = co_await exchange.next_body_piece();
    if (!piece) co_return std::move(piece).error();
    if (!piece->has_value()) break;
    body += **piece;
    if (body.size() > kStartBytes)
      co_return Error{ErrorKind::too_large, "the description of an upload is larger than 1 MiB",
                      ""};
  }
  co_return body;
}

upstream::Call call_to(RequestScope& scope, std::string url) {
  const auto& head = scope.exchange.request().head;
  auto call = scope.call(std::move(url));
  auto headers = forwarded_headers(head, scope.live->sandbox);
  std::move(headers.begin(), headers.end(), std::back_inserter(call.headers));
  call.method = head.method;
  return call;
}

/// "…?upload_id=SESSION&upload_protocol=resumable" at this server, in place of upstream's address.
std::string own_session_url(const front::RequestHead& head, const std::string& session) {
  return own_origin(head) + std::string(head.path) + "?upload_id=" + session +
         "&upload_protocol=resumable";
}

Headers reply_headers(const RequestScope& scope, const http::Head& head) {
  auto headers = scope.headers();
  auto returned = returned_headers(head, scope.live->upstream);
  std::move(returned.begin(), returned.end(), std::back_inserter(headers));
  return headers;
}

/// Upstream's addresses of a session, and what tells them, stay here.
void name_own_session(Headers& headers, const std::string& url) {
  std::erase_if(headers, [](const auto& header) { return header.first == "x-guploader-uploadid"; });
  for (auto& [name, value] : headers) {
    if (name == "x-goog-upload-url" || name == "x-goog-upload-control-url" || name == "location")
      value = url;
  }
}

/// Passes a small reply on; what it says was made is remembered first.
async::Task<void> pass_reply(RequestScope& scope, Answer& answer, Headers headers) {
  auto body = co_await answer.rest(kReplyBytes);
  if (!body) {
    co_await answer_error(scope, std::move(body).error());
    co_return;
  }
  if (answer.status() == 200)
    co_await remember_objects(scope, answer.key(), objects_in_reply(*body, wall_clock()));
  Response response;
  response.status = answer.status();
  response.headers = std::move(headers);
  response.body = *std::move(body);
  co_await scope.exchange.answer(std::move(response));
}

/// Answers for a body that failed: a client that is too slow is told so, not that upstream is.
async::Task<void> answer_body_failure(RequestScope& scope, Error error) {
  if (error.kind == ErrorKind::timeout) {
    co_await answer_error(scope, 408, std::move(error.message));
  } else {
    co_await answer_error(scope, std::move(error));
  }
}

/// Opens a call whose body is the client's; answers the client when there is no reply to pass on.
async::Task<std::optional<Answer>> open_streamed(RequestScope& scope, upstream::Call call) {
  const auto body = std::make_shared<ClientBody>(scope.exchange);
  call.body_source = body;
  auto answer = co_await open_upstream(scope, std::move(call));
  if (answer) co_return *std::move(answer);
  Error error = body->failure() ? *body->failure() : std::move(answer).error();
  co_await answer_body_failure(scope, std::move(error));
  co_return std::nullopt;
}

bool is_start(const front::RequestHead& head) {
  const auto command = lower(head.field("x-goog-upload-command"));
  return iequals(head.field("x-goog-upload-protocol"), "resumable") && command.find("start") == 0;
}

/// Opens a session upstream and gives it an address of ours.
async::Task<void> start_session(RequestScope& scope, upstream::Call call) {
  auto body = co_await small_body(scope.exchange);
  if (!body) {
    co_await answer_body_failure(scope, std::move(body).error());
    co_return;
  }
  call.body = std::make_shared<const std::string>(*std::move(body));
  auto answer = co_await open_upstream(scope, std::move(call));
  if (!answer) {
    co_await answer_error(scope, std::move(answer).error());
    co_return;
  }
  auto headers = reply_headers(scope, answer->head());
  const std::string target(answer->head().header("x-goog-upload-url"));
  if (answer->status() == 200 && !target.empty()) {
    const auto session = std::string(kSessionMark) + random_hex(24);
    name_own_session(headers, own_session_url(scope.exchange.request().head, session));
    std::vector<MadeObject> made = {{"uploads/" + session, wall_clock() + kSessionLife, target}};
    co_await remember_objects(scope, answer->key(), std::move(made));
  }
  co_await pass_reply(scope, *answer, std::move(headers));
}

/// One request of a session: a piece, a question how much has arrived, or the end.
async::Task<void> continue_session(RequestScope& scope, std::string session) {
  const std::string name = "uploads/" + session;
  const auto owner = scope.services.owners.find(name, wall_clock());
  if (!owner || owner->target.empty()) {
    Error error{ErrorKind::not_found, "there is no upload session of this name, or it has ended",
                "start the upload again"};
    co_await answer_error(scope, std::move(error));
    co_return;
  }
  auto call = call_to(scope, owner->target);
  call.owner = upstream::OwningKey{owner->key_id, owner->project};
  auto answer = co_await open_streamed(scope, std::move(call));
  if (!answer) co_return;
  const bool is_over = answer->head().header("x-goog-upload-status") == "final" ||
                       answer->head().header("x-goog-upload-status") == "cancelled";
  auto headers = reply_headers(scope, answer->head());
  name_own_session(headers, own_session_url(scope.exchange.request().head, session));
  co_await pass_reply(scope, *answer, std::move(headers));
  // Whoever lost this reply may still ask what became of the upload.
  if (is_over) forget_object(scope, name, kSessionRests);
}

}  // namespace

async::Task<void> relay_upload(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  auto session = query_value(head.query, "upload_id").value_or("");
  if (session.starts_with(kSessionMark)) {
    co_await continue_session(scope, std::move(session));
    co_return;
  }
  auto call = call_to(
      scope, scope.live->upstream.url("", scope.route.upstream_path, without_token(head.query)));
  const auto object = object_of_path(scope.route.upstream_path);
  if (!object.empty()) {
    if (const auto owner = scope.services.owners.find(object, wall_clock()))
      call.owner = upstream::OwningKey{owner->key_id, owner->project};
  }
  if (is_start(head)) {
    co_await start_session(scope, std::move(call));
    co_return;
  }
  auto answer = co_await open_streamed(scope, std::move(call));
  if (!answer) co_return;
  auto headers = reply_headers(scope, answer->head());
  co_await pass_reply(scope, *answer, std::move(headers));
}

}  // namespace gembal::daemon
