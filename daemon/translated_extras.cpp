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
  translation.body = [inner = std::move(translation.body), called, &scope,
                      &tells_sources](const std::string& model) mutable -> Result<Json> {
    auto body = inner(model);
    if (!body) return body;
    called.model = model;
    const auto& extras = scope.live->config.extras;
    const auto added = gemini::enrich(*body, called, extras, gemini::Origin::translated);
    tells_sources = added.search && extras.show_search_links;
    return body;
  };
}

}  // namespace gembal::daemon
