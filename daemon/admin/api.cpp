#include "daemon/admin/api.hpp"

#include <iterator>

#include "lib/core/release.hpp"

namespace gembal::daemon::admin {

const std::vector<AdminRoute>& admin_routes() {
  static const std::vector<AdminRoute> all = [] {
    std::vector<AdminRoute> made;
    for (const auto part : {overview_routes, key_routes, config_routes, proxy_routes, record_routes,
                            stats_routes, token_routes}) {
      auto some = part();
      std::move(some.begin(), some.end(), std::back_inserter(made));
    }
    return made;
  }();
  return all;
}

Error wrong_field(const std::string& field, const std::string& why) {
  Error error{ErrorKind::bad_request, field + " " + why, ""};
  error.param = field;
  return error;
}

Result<std::vector<std::string>> texts_in(const Json& body, const std::string& name) {
  std::vector<std::string> texts;
  const auto list = body.find(name);
  if (list == body.end() || !list->is_array()) return wrong_field(name, "must be a list of texts");
  for (const auto& one : *list) {
    if (!one.is_string()) return wrong_field(name, "must be a list of texts");
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

Json error_json(const Error& error) {
  Json told = {{"kind", to_string(error.kind)}, {"message", error.message}};
  if (!error.hint.empty()) told["hint"] = error.hint;
  if (!error.param.empty()) told["field"] = error.param;
  return {{"error", std::move(told)}};
}

namespace {

Json parameter(const std::string& name, const char* where) {
  return {{"name", name},
          {"in", where},
          {"required", std::string_view(where) == "path"},
          {"schema", {{"type", "string"}}}};
}

Json operation(const AdminRoute& route) {
  Json parameters = Json::array();
  const std::string_view path = route.path;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1))
    parameters.push_back(
        parameter(std::string(path.substr(open + 1, path.find('}', open) - open - 1)), "path"));
  Json made = {{"summary", route.summary},
               {"responses",
                {{"200", {{"description", route.gives}}},
                 {"default", {{"$ref", "#/components/responses/Error"}}}}}};
  const std::string takes = route.takes;
  if (takes.starts_with('{')) {
    Json media = {{"schema", {{"type", "object"}}}};
    if (auto example = parse_json(takes)) media["example"] = *std::move(example);
    made["requestBody"] = {{"content", {{"application/json", std::move(media)}}}};
  } else {
    std::string name;
    for (const char c : takes + " ") {
      if (c != ' ') {
        name += c;
      } else if (!name.empty()) {
        parameters.push_back(parameter(std::exchange(name, {}), "query"));
      }
    }
  }
  if (!parameters.empty()) made["parameters"] = std::move(parameters);
  return made;
}

}  // namespace

Json openapi_document() {
  Json paths = Json::object();
  for (const auto& route : admin_routes()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    paths[route.path][method] = operation(route);
  }
  paths["/login"]["post"] = {
      {"summary", "Begin a session: sets the cookie, and gives what x-csrf-token has to be"},
      {"security", Json::array()},
      {"requestBody",
       {{"content", {{"application/json", {{"example", {{"token", "gembal-…"}}}}}}}}},
      {"responses", {{"200", {{"description", "{csrf, expires_at}"}}}}}};
  paths["/logout"]["post"] = {{"summary", "End this session, or with {\"everywhere\":true} all"},
                              {"responses", {{"200", {{"description", "{}"}}}}}};
  paths["/api/admin/session"]["get"] = {
      {"summary", "The session that the cookie belongs to"},
      {"responses", {{"200", {{"description", "{csrf, expires_at, version}"}}}}}};
  paths["/api/admin/events"]["get"] = {
      {"summary", "What happens, as server-sent events: keys, overview, request, config, tokens"},
      {"responses", {{"200", {{"description", "text/event-stream"}}}}}};
  const Json error = {{"description", "{\"error\":{\"kind\",\"message\",\"hint\",\"field\"}}"},
                      {"content", {{"application/json", {{"schema", {{"type", "object"}}}}}}}};
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "gembal's admin API"},
            {"version", GEMBAL_VERSION},
            {"description",
             "For whoever runs the daemon. Send the admin token as 'Authorization: Bearer', or a "
             "session's cookie, with x-csrf-token for whatever is not GET."}}},
          {"paths", std::move(paths)},
          {"components",
           {{"securitySchemes",
             {{"token", {{"type", "http"}, {"scheme", "bearer"}}},
              {"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "gembal_session"}}}}},
            {"responses", {{"Error", error}}}}},
          {"security", Json::array({{{"token", Json::array()}}, {{"session", Json::array()}}})}};
}

}  // namespace gembal::daemon::admin
