#pragma once

#include <string_view>

#include "lib/core/json_fwd.hpp"
#include "lib/core/result.hpp"
#include "lib/gemini/model_traits.hpp"
#include "lib/gemini/schema_walk.hpp"

namespace gembal::gemini {

/// How a schema is written for a model.
enum class SchemaForm {
  json_schema,  ///< JSON Schema, for `parametersJsonSchema` and `responseJsonSchema`
  subset,       ///< Gemini's own, for `parameters` and `responseSchema`: models before 2.5
};

inline SchemaForm schema_form(const ModelTraits& traits) {
  return traits.takes_json_schema ? SchemaForm::json_schema : SchemaForm::subset;
}

/// Brings the schemas of one request, written for other APIs, into a form that Gemini takes. What
/// it cannot express is left out: an answer may then be freer than was asked for.
///
/// Pure. All schemas of a request share one bound on their size, so that neither megabytes of tools
/// nor references that multiply cost more than some tens of milliseconds.
///
/// Errors: bad_request, with `param` as it was given and a message that names the place in it (no
/// schema, an unknown type, a `$ref` to nothing, too deep, too large).
class SchemaTranslator {
 public:
  explicit SchemaTranslator(SchemaForm form) : form_(form) {}

  /// What a function takes. Null when that is nothing at all: then the field must be left out.
  Result<Json> parameters(const Json& schema, std::string_view param);

  /// What an answer must look like.
  Result<Json> response(const Json& schema, std::string_view param);

 private:
  SchemaForm form_;
  SchemaBudget budget_;
};

}  // namespace gembal::gemini
