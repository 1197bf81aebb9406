#pragma once

#include "lib/core/json.hpp"
#include "lib/gemini/model_traits.hpp"

namespace gembal::openai {

/// Adds `generationConfig` and `serviceTier` for a chat request's parameters. Call after the tools
/// are in `body`. Errors: bad_request, naming the parameter.
Result<void> translate_config(const Json& request, const gemini::ModelTraits& traits, Json& body);

/// Adds what makes the model answer by a schema: its own field, or, where that cannot be together
/// with the tools of `body`, an instruction. `param`: where the schema was given. Errors:
/// bad_request.
Result<void> put_schema(const Json& schema, const std::string& param,
                        const gemini::ModelTraits& traits, Json& body);

/// The same for JSON of any shape.
void put_json_mode(const gemini::ModelTraits& traits, Json& body);

/// Reads a number, or a whole one, within its range into `config`. A missing or null one is left
/// out. Errors: bad_request.
Result<void> take_number(const Json& request, const char* from, Json& config, const char* to,
                         double least, double most);
Result<void> take_count(const Json& request, const char* from, Json& config, const char* to,
                        std::int64_t most);

}  // namespace gembal::openai
