#include "daemon/routes_responses.hpp"

#include <charconv>

#include "daemon/background_response.hpp"
#include "daemon/create_response.hpp"
#include "daemon/response_store.hpp"
#include "daemon/running_responses.hpp"
#include "lib/core/text.hpp"
#include "lib/core/time.hpp"

namespace gembal::daemon {
namespace {

constexpr std::size_t kMostListed = 100;
constexpr auto kPatience = std::chrono::seconds{10};

/// The page that a query asks for. Errors: bad_request.
Result<openai::ItemPage> page_of(std::string_view query) {
  openai::ItemPage page;
  const auto wrong = [](const char* param, const char* message) {
    Error error{ErrorKind::bad_request, message, ""};
    error.param = param;
    return error;
  };
  if (const auto limit = query_value(query, "limit")) {
    const auto* end = limit->data() + limit->size();
    const auto [stop, failure] = std::from_chars(limit->data(), end, page.limit);
    if (failure != std::errc() || stop != end || page.limit < 1 || page.limit > kMostListed)
      return wrong("limit", "'limit' must be a whole number from 1 to 100");
  }
  const auto order = query_value(query, "order").value_or("desc");
  if (order != "asc" && order != "desc") return wrong("order", "'order' must be asc or desc");
  page.ascending = order == "asc";
  page.after = query_value(query, "after").value_or("");
  return page;
}

/// What a client is shown of a response: one in progress whose process is gone has failed.
Json shown_now(const RequestScope& scope, const openai::KeptResponse& kept) {
  auto shown = openai::shown(kept);
  const bool may_run = kept.alive >= to_unix_seconds(std::chrono::system_clock::now()) ||
                       scope.services.running.has(std::string(string_in(shown, "id")));
  if (kept.status() == "in_progress" && !may_run) {
    shown["status"] = "failed";
    shown["error"] = {{"code", "server_error"},
                      {"message", "the server that made this response was stopped"}};
  }
  return shown;
}

/// Waits until a response that runs here has ended, cancelled. False: it does not run here.
async::Task<bool> end_run(RequestScope& scope, const std::string& id) {
  auto& loop = scope.exchange.loop();
  // It may end after this wait is over: the event stays as long as that.
  const auto ended = std::make_shared<async::Event>(loop);
  const bool runs = scope.services.running.cancel(
      id, client_of(scope), [&loop, ended] { loop.post([ended] { ended->signal(); }); });
  if (!runs) co_return false;
  async::Deadline patience(loop, [ended] { ended->signal(); });
  patience.set(kPatience);
  co_await ended->wait();
  co_return true;
}

/// Its events again: from the one after `starting_after`.
async::Task<void> show_events(RequestScope& scope, const std::string& id) {
  auto log = scope.services.running.log_of(id, client_of(scope));
  const auto after = query_value(scope.exchange.request().head.query, "starting_after");
  std::size_t seen = 0;
  const bool is_number =
      !after ||
      std::from_chars(after->data(), after->data() + after->size(), seen).ec == std::errc();
  if (!log || !is_number) {
    Error error{ErrorKind::bad_request,
                log ? "'starting_after' must be the sequence number of an event"
                    : "the events of this response are not there any more: fetch it without "
                      "'stream'",
                ""};
    error.param = log ? "starting_after" : "stream";
    co_await answer_error(scope, std::move(error));
    co_return;
  }
  const auto bytes = after ? log->bytes_of(seen + 1) : 0;
  co_await follow_response(scope, std::move(log), bytes);
}

async::Task<void> show_response(RequestScope& scope, std::string id) {
  const auto found = co_await find_response(scope, id);
  if (!found) {
    co_await answer_response_error(scope, found.error());
  } else if (query_value(scope.exchange.request().head.query, "stream") == "true") {
    co_await show_events(scope, id);
  } else {
    co_await answer_json(scope, to_text(shown_now(scope, **found)));
  }
}

/// One that another process makes learns of it by its next sign of life.
async::Task<void> cancel_response(RequestScope& scope, std::string id) {
  co_await end_run(scope, id);
  const auto found = co_await find_response(scope, id);
  if (!found) {
    co_await answer_response_error(scope, found.error());
    co_return;
  }
  auto kept = **found;
  const bool can_be = bool_in(kept.response, "background").value_or(false);
  if (!can_be && kept.status() != "cancelled") {
    co_await answer_error(scope, 400, "Cannot cancel a synchronous response.");
    co_return;
  }
  if (kept.status() == "in_progress") {
    kept.response["status"] = "cancelled";
    co_await keep_response(scope, kept);
  }
  co_await answer_json(scope, to_text(openai::shown(kept)));
}

async::Task<void> list_input_items(RequestScope& scope, std::string id) {
  const auto page = page_of(scope.exchange.request().head.query);
  if (!page) {
    co_await answer_error(scope, page.error());
    co_return;
  }
  const auto found = co_await find_response(scope, std::move(id));
  if (!found) {
    co_await answer_response_error(scope, found.error());
    co_return;
  }
  co_await answer_json(scope, to_text(openai::list_input(**found, *page)));
}

async::Task<void> delete_response(RequestScope& scope, std::string id) {
  co_await end_run(scope, id);
  const auto found = co_await find_response(scope, id);
  if (!found) {
    co_await answer_response_error(scope, found.error());
    co_return;
  }
  co_await forget_response(scope, id);
  const Json deleted = {{"id", id}, {"object", "response"}, {"deleted", true}};
  co_await answer_json(scope, to_text(deleted));
}

}  // namespace

async::Task<void> responses(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  const auto parts = split(scope.route.upstream_path, '/');  // "", id, what of it
  const std::string id = parts.size() > 1 ? percent_decode(parts[1]) : "";
  const std::string_view what = parts.size() > 2 ? parts[2] : "";
  const bool posts = head.method == "POST";
  const bool gets = head.method == "GET";
  if (parts.size() > 3 || id == "compact") {
    Error error{ErrorKind::unsupported,
                "this method is not offered here: " + std::string(head.path)};
    co_await answer_error(scope, std::move(error));
  } else if (posts && id.empty()) {
    co_await create_response(scope);
  } else if (posts && id == "input_tokens" && what.empty()) {
    co_await count_response_input(scope);
  } else if (gets && !id.empty() && what.empty()) {
    co_await show_response(scope, id);
  } else if (head.method == "DELETE" && !id.empty() && what.empty()) {
    co_await delete_response(scope, id);
  } else if (posts && what == "cancel") {
    co_await cancel_response(scope, id);
  } else if (gets && what == "input_items") {
    co_await list_input_items(scope, id);
  } else {
    co_await answer_error(scope, 405, "this address does not take " + std::string(head.method));
  }
}

}  // namespace gembal::daemon
