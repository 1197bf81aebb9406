#include "daemon/translated_extras.hpp"

#include "lib/gemini/enrich.hpp"

namespace gembal::daemon {

Result<gemini::CalledModel> called_model(const RequestScope& scope, std::string_view name) {
  auto called = gemini::read_called_model(name, scope.live->config.models.rules);
  if (called) return called;
  // What is not offered is a mistake in the request here, where it is a missing page natively.
  auto error = std::move(called).error();
  error.kind = ErrorKind::bad_request;
  return error;
}

void add_extras(const RequestScope& scope, Translation& translation, bool& tells_sources) {
  auto called = translation.called;
  if (called.model.empty()) called.called = translation.model;
  translation.body =
      [inner = std::move(translation.body), called, &scope, &tells_sources,
       talks = translation.is_conversation](const std::string& model) mutable -> Result<Json> {
    auto body = inner(model);
    if (!body) return body;
    called.model = model;
    if (!talks) {
      auto fewer = scope.live->config.extras;
      fewer.code_execution = fewer.url_context = fewer.show_thinking = false;
      gemini::enrich(*body, called, fewer, gemini::Origin::translated);
      return body;
    }
    const auto& extras = scope.live->config.extras;
    const auto added = gemini::enrich(*body, called, extras, gemini::Origin::translated);
    tells_sources = added.search && extras.show_search_links;
    return body;
  };
}

upstream::Form form_of(const RequestScope& scope, const Translation& translation) {
  const bool streams = translation.stream && !scope.live->config.stream.fake;
  return streams ? upstream::Form::sse : upstream::Form::unary;
}

std::chrono::milliseconds heartbeat_of(const RequestScope& scope) {
  const auto& stream = scope.live->config.stream;
  return stream.fake ? stream.fake_interval : stream.heartbeat;
}

}  // namespace gembal::daemon
