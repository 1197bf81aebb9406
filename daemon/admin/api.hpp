#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/core/result.hpp"

namespace gembal::daemon::admin {

class Desk;

/// A request to the admin API.
struct Asked {
  std::vector<std::string> names;  ///< what stands in the path where the route has {…}
  std::map<std::string, std::string> query;
  Json body;  ///< an object; of requests without a body an empty one

  /// A query parameter; "" when it is not there.
  std::string parameter(const std::string& name) const {
    const auto known = query.find(name);
    return known == query.end() ? "" : known->second;
  }
};

/// What it is answered with.
struct Told {
  Json json;
  std::string text{};          ///< in place of `json`, when there is a content type
  std::string content_type{};  ///< "text/csv; charset=utf-8"
  std::string file_name{};     ///< what a browser saves it as; "" when it is to show it
};

/// One method of one address. Handlers run on a worker's thread and may wait for the store.
struct AdminRoute {
  const char* method;   ///< "GET"
  const char* path;     ///< "/api/admin/keys/{id}"
  const char* summary;  ///< for the OpenAPI document, as all that follows
  const char* takes;    ///< names of query parameters, or an example body; "" for none
  const char* gives;    ///< what it answers, in a line
  std::function<Result<Told>(Desk&, const Asked&)> answer;
};

/// All of them.
const std::vector<AdminRoute>& admin_routes();

// Those of each part, a file for each.
std::vector<AdminRoute> overview_routes();
std::vector<AdminRoute> key_routes();
std::vector<AdminRoute> config_routes();
std::vector<AdminRoute> proxy_routes();
std::vector<AdminRoute> record_routes();
std::vector<AdminRoute> stats_routes();
std::vector<AdminRoute> token_routes();

/// The OpenAPI document of the routes.
Json openapi_document();

/// A refusal that names the member at fault.
Error wrong_field(const std::string& field, const std::string& why);

/// Texts of a list; "ids" and the like. Errors: bad_request.
Result<std::vector<std::string>> texts_in(const Json& body, const std::string& name);

/// The error as the admin API tells it: {"error":{"kind","message","hint","field"}}.
Json error_json(const Error& error);

}  // namespace gembal::daemon::admin
