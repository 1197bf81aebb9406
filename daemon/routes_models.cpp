#include "daemon/routes_models.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/model_catalog.hpp"
#include "daemon/open_upstream.hpp"
#include "lib/anthropic/models.hpp"
#include "lib/core/json.hpp"
#include "lib/core/time.hpp"
#include "lib/gemini/called_model.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/model_list.hpp"
#include "lib/gemini/model_name.hpp"
#include "lib/openai/models.hpp"

namespace gembal::daemon {
namespace {

constexpr std::size_t kReplyBytes = 1 << 20;

std::int64_t now_in_seconds() { return to_unix_seconds(std::chrono::system_clock::now()); }

const gemini::ModelRules& rules_of(const RequestScope& scope) {
  return scope.live->config.models.rules;
}

/// The API's own bounds: 50 when nothing is said, 1000 at most.
std::size_t page_size_of(std::string_view query) {
  const auto text = query_value(query, "pageSize").value_or("");
  std::size_t size = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (failure != std::errc() || size == 0) return 50;
  return std::min<std::size_t>(size, 1000);
}

/// What the pool offers, as far as the request's token may ask it.
std::vector<Json> models_for(const RequestScope& scope, const std::vector<Json>& known) {
  auto offered = gemini::offered_models(known, rules_of(scope));
  std::erase_if(offered, [&](const Json& model) {
    const auto name = gemini::bare_model(string_in(model, "name"));
    const auto called = gemini::read_called_model(name, rules_of(scope));
    return !may_ask(scope.caller, called ? called->model : name);
  });
  return offered;
}

async::Task<void> answer_native_page(RequestScope& scope, const std::vector<Json>& models) {
  const auto& query = scope.exchange.request().head.query;
  auto page =
      gemini::page_of(models, page_size_of(query), query_value(query, "pageToken").value_or(""));
  if (!page) {
    co_await answer_error(scope, 400, "pageToken is none of this list");
    co_return;
  }
  Json reply = {{"models", std::move(page->models)}};
  if (!page->next.empty()) reply["nextPageToken"] = page->next;
  co_await answer_json(scope, to_text(reply));
}

/// A model in the dialect of the path.
std::string shown(const RequestScope& scope, const Json& model) {
  switch (scope.route.dialect) {
    case Dialect::gemini: break;
    case Dialect::openai: return openai::model_reply(model, now_in_seconds());
    case Dialect::anthropic: return anthropic::model_reply(model);
  }
  return to_text(model);
}

Error no_such_model(const std::string& name) {
  return {ErrorKind::not_found, "there is no model '" + name + "'",
          "the list of models says which there are", std::nullopt, "model"};
}

}  // namespace

bool is_about_models(std::string_view method, const Route& route) {
  if (method != "GET" && method != "HEAD") return false;
  if (route.upstream_path == "/models") return true;
  return route.upstream_path.starts_with("/models/") && !route.model.empty() &&
         route.upstream_path.find('/', 8) == std::string::npos;
}

async::Task<void> list_models(RequestScope& scope) {
  auto known =
      co_await scope.services.catalog.models(scope.exchange.loop(), scope.exchange.interrupt());
  if (!known) {
    co_await answer_error(scope, std::move(known).error());
    co_return;
  }
  const auto offered = models_for(scope, **known);
  if (scope.route.dialect == Dialect::gemini) {
    co_await answer_native_page(scope, offered);
    co_return;
  }
  auto reply = scope.route.dialect == Dialect::anthropic
                   ? anthropic::models_reply(offered)
                   : openai::models_reply(offered, now_in_seconds());
  co_await answer_json(scope, std::move(reply));
}

async::Task<bool> show_known_model(RequestScope& scope) {
  scope.model = scope.route.model;
  auto known =
      co_await scope.services.catalog.models(scope.exchange.loop(), scope.exchange.interrupt());
  if (!known) co_return false;
  const auto model = gemini::find_model(**known, scope.route.model, rules_of(scope));
  if (!model) co_return false;
  co_await answer_json(scope, shown(scope, *model));
  co_return true;
}

async::Task<void> show_model(RequestScope& scope) {
  const bool is_shown = co_await show_known_model(scope);
  if (is_shown) co_return;
  const auto called = gemini::read_called_model(scope.route.model, rules_of(scope));
  if (!called || !gemini::is_valid_model(called->model)) {
    co_await answer_error(scope, no_such_model(scope.route.model));
    co_return;
  }
  // Models that no list has, but that are there.
  auto call = scope.call(scope.live->upstream.url("/models/" + called->model));
  call.method = "GET";
  call.model = called->model;
  auto answer = co_await open_upstream(scope, std::move(call));
  if (!answer) {
    co_await answer_error(scope, std::move(answer).error());
    co_return;
  }
  const auto body = co_await answer->rest(kReplyBytes);
  if (!body) {
    co_await answer_error(scope, body.error());
    co_return;
  }
  if (answer->status() == 404) {
    co_await answer_error(scope, no_such_model(scope.route.model));
    co_return;
  }
  auto model = parse_json(*body);
  if (answer->status() != 200 || !model || !model->is_object()) {
    const int status = answer->status() >= 400 ? answer->status() : 502;
    co_await answer_error(scope, status, gemini::message_of(*body));
    co_return;
  }
  (*model)["name"] = "models/" + called->called;
  co_await answer_json(scope, shown(scope, *model));
}

}  // namespace gembal::daemon
