#pragma once

#include <nlohmann/json_fwd.hpp>

namespace gembal {

/// JSON whose objects keep the order of their members: schemas and replies leave in the order in
/// which they came.
using Json = nlohmann::ordered_json;

}  // namespace gembal
