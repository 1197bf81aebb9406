#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/core/time.hpp"

namespace gembal::sandbox {

/// An error reply before framing: Google's JSON, or a page of its front end.
struct ApiError {
  int status = 400;
  Json body;         ///< {"error":{...}}
  std::string html;  ///< not empty: this page instead of `body`
};

/// What the bodies quote.
struct ErrorContext {
  std::string key;
  std::string model;   ///< without "models/"; may be empty
  std::string method;  ///< "GenerateContent": for the metadata of 401s; may be empty
  std::string version = "v1beta";
  TimePoint now{};
  std::string project = "100000000001";  ///< the number of the key's project
};

/// The number of a project: the name itself, where that is a number; else one made from it, the
/// same each time.
std::string project_number(std::string_view name);

/// Whose doing an error is; decides where a key that is named after it shows it.
enum class Scope {
  key,    ///< every request made with the key
  calls,  ///< only requests that use a model: lists and files still work
};

/// The errors that can be asked for by name, in the order of the documentation.
std::vector<std::string> error_names();

/// nullopt: there is no error of that name.
std::optional<Scope> error_scope(std::string_view name);

/// The error of that name as Google words it. `argument` replaces the waiting time of the bad429…
/// errors ("27s"). nullopt: there is no error of that name.
std::optional<ApiError> error_named(std::string_view name, const std::string& argument,
                                    const ErrorContext& context);

/// One limit that was hit. `limit` 0: no quota at all, then the body leaves quotaValue out.
struct Violation {
  std::string metric;  ///< without the service's name in front
  std::string quota_id;
  long long limit = 0;
};

/// 429 with QuotaFailure and RetryInfo that say these limits and this wait.
ApiError quota_error(const std::vector<Violation>& violations, Milliseconds retry_after,
                     std::string_view model);

/// {"error":{code,message,status}}.
ApiError plain_error(int status, std::string_view canonical, std::string_view message);
/// 400 INVALID_ARGUMENT.
ApiError invalid_argument(std::string_view message);
/// 404 with the message for a model that does not exist, or cannot do this.
ApiError no_such_model(std::string_view model, std::string_view version);
/// The front end's page for an address that it does not know.
ApiError no_such_page();

/// One entry of a BadRequest detail.
struct FieldViolation {
  std::string field;  ///< "generation_config"; empty at the top level
  std::string description;
};
/// 400 INVALID_ARGUMENT with a BadRequest detail; the message is the descriptions, a line each.
ApiError bad_fields(const std::vector<FieldViolation>& violations);

}  // namespace gembal::sandbox
