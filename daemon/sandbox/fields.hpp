#pragma once

#include <optional>
#include <string_view>

#include "daemon/sandbox/errors.hpp"
#include "lib/core/json.hpp"

namespace gembal::sandbox {

/// A request body as the API reads it.
struct ReadBody {
  Json value;  ///< names in camelCase, a lone object where a list belongs made a list of one
  std::optional<ApiError> error;
};

/// Reads `text` as the protobuf message `type` ("GenerateContentRequest") in protobuf's JSON:
/// snake_case is taken as well; unknown names, wrong types and broken JSON are refused in Google's
/// words.
ReadBody read_body(std::string_view text, std::string_view type);

}  // namespace gembal::sandbox
