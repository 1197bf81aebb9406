#include "daemon/native_request.hpp"

#include "daemon/open_upstream.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::daemon {
namespace {

struct Changed {
  std::string body;
  gemini::Additions added;
};

/// nullopt: it is no JSON, which upstream says better.
std::optional<Changed> changed_body(const std::string& body, const gemini::CalledModel& called,
                                    const gemini::RequestExtras& extras, bool enriches) {
  auto json = parse_json(body);
  if (!json) return std::nullopt;
  Changed made;
  gemini::rename_model(*json, called);
  if (enriches) made.added = enrich(*json, called, extras, gemini::Origin::native);
  made.body = to_text(*json);
  return made;
}

}  // namespace

gemini::ShownAnswer::Wishes NativeRequest::shown(const RequestScope& scope) const {
  return {added.code_execution, added.search && scope.live->config.extras.show_search_links};
}

Result<NativeRequest> read_native_request(RequestScope& scope) {
  NativeRequest request;
  auto& route = scope.route;
  if (route.model.empty() || !route.upstream_path.starts_with("/models/")) return request;
  const auto& config = scope.live->config;
  auto read = gemini::read_called_model(route.model, config.models.rules);
  if (!read) return std::move(read).error();
  auto& called = request.called = *std::move(read);
  const auto& body = scope.exchange.request().body;
  request.enriches = route.form != upstream::Form::opaque && !body.empty() &&
                     gemini::enriches_native(called, config.extras);
  if (called.called == called.model) return request;
  if (!gemini::is_valid_model(called.model)) {
    return Error{ErrorKind::not_found, "there is no model '" + called.called + "'",
                 "the list of models says which there are"};
  }
  route.model = scope.model = called.model;
  route.upstream_path = "/models/" + route.model + route.after_model;
  request.renames = body.find(called.called) != std::string::npos;
  return request;
}

async::Task<void> change_body(RequestScope& scope, NativeRequest& request) {
  auto& body = scope.exchange.request().body;
  auto changed = co_await compute(scope, body.size(), [&] {
    return changed_body(body, request.called, scope.live->config.extras, request.enriches);
  });
  if (!changed) co_return;
  request.added = changed->added;
  if (request.enriches && has_fallback(scope, scope.route.model))
    request.original = std::make_shared<const std::string>(std::move(body));
  body = std::move(changed->body);
}

std::string body_for_other(const RequestScope& scope, const NativeRequest& request,
                           const std::string& model) {
  auto called = request.called;
  called.model = model;
  auto changed = changed_body(*request.original, called, scope.live->config.extras, true);
  return changed ? std::move(changed->body) : *request.original;
}

}  // namespace gembal::daemon
