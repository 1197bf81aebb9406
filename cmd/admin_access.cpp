#include "cmd/admin_access.hpp"

#include "cmd/interrupt.hpp"
#include "lib/http/client.hpp"

namespace gembal::cmd {
namespace {

constexpr auto kConnect = std::chrono::seconds{10};
constexpr auto kPatience = std::chrono::minutes{6};  // a check of many keys takes its time

struct Answered {
  int status = 0;
  std::string body;
};

async::Task<Result<Answered>> ask(http::Client& client, http::Request request,
                                  async::Interrupt& interrupt) {
  auto reply = client.open(std::move(request));
  const async::Interrupt::Subscription on_interrupt(interrupt, [&reply] {
    reply.abort({ErrorKind::cancelled, "interrupted", ""});
  });
  auto arrived = co_await reply.wait_for_head();
  if (!arrived) co_return std::move(arrived).error();
  Answered answered;
  answered.status = reply.head().status;
  while (const auto piece = co_await reply.next()) answered.body += *piece;
  if (reply.error()) co_return *reply.error();
  co_return answered;
}

/// What the daemon says went wrong.
Error refusal(const std::string& url, const Answered& answered) {
  const auto body = parse_json(answered.body);
  const auto told = body && body->is_object() ? body->find("error") : Json::const_iterator();
  Error error{answered.status < 500 ? ErrorKind::bad_request : ErrorKind::upstream,
              "the daemon at " + url + " answered " + std::to_string(answered.status), ""};
  if (body && body->is_object() && told != body->end()) {
    error.message = std::string(string_in(*told, "message"));
    error.hint = std::string(string_in(*told, "hint"));
  }
  if (answered.status == 401) {
    error.message = "the daemon at " + url + " refuses the token for its admin API";
    error.hint = "give its admin token: auth.admin_token there, or else the first of auth.tokens";
  }
  return error;
}

}  // namespace

Result<std::optional<AdminAccess>> AdminAccess::open(const Context& context, const Via& via) {
  const auto loaded = context.load();
  if (!loaded) return loaded.error();
  const auto& client = loaded->config.client;
  auto url = via.url.empty() ? client.url : via.url;
  if (url.empty()) return std::optional<AdminAccess>();
  while (url.ends_with('/')) url.pop_back();
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return Error{ErrorKind::usage, "'" + url + "' is no address of a daemon",
                 "it looks like http://127.0.0.1:8000"};
  }
  auto token = via.token.empty() ? client.token : Secret(via.token);
  if (token.empty()) {
    return Error{ErrorKind::usage, "the daemon at " + url + " wants its admin token",
                 "give it in GEMBAL_CLIENT_TOKEN, client.token or --token"};
  }
  return std::optional(AdminAccess(std::move(url), std::move(token)));
}

Result<Json> AdminAccess::get(const std::string& path) const {
  return call("GET", path, std::nullopt);
}

Result<Json> AdminAccess::send(const std::string& method, const std::string& path,
                               const Json& body) const {
  return call(method, path, to_text(body));
}

Result<Json> AdminAccess::call(const std::string& method, const std::string& path,
                               std::optional<std::string> body) const {
  http::Request request;
  request.method = method;
  request.url = url_ + "/api/admin" + path;
  request.headers = {"authorization: Bearer " + token_.reveal()};
  request.timeouts.connect = kConnect;
  request.timeouts.total = kPatience;
  if (body) {
    request.headers.push_back("content-type: application/json");
    request.body = std::make_shared<const std::string>(*std::move(body));
  }
  async::Loop loop;
  async::Interrupt interrupt;
  http::Client client(loop, {});
  auto answered = run_until_done(loop, interrupt, ask(client, std::move(request), interrupt));
  if (!answered) return std::move(answered).error();
  if (answered->status >= 400) return refusal(url_, *answered);
  auto json = parse_json(answered->body);
  if (!json)
    return Error{ErrorKind::upstream, "what answers at " + url_ + " is no gembal of this version",
                 "check the address"};
  return json;
}

void add_admin_options(CLI::App& command, Via& via) {
  command.add_option("--via", via.url, "Look after a daemon's store (client.url)")
      ->type_name("URL");
  command
      .add_option(
          "--token", via.token,
          "The daemon's admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)")
      ->type_name("TOKEN");
}

}  // namespace gembal::cmd
