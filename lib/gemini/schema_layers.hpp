#pragma once

#include <string_view>
#include <vector>

#include "lib/core/json_fwd.hpp"
#include "lib/gemini/schema_walk.hpp"

namespace gembal::gemini {

/// A schema that is being written, and those around it.
struct Frame {
  const Json* schema = nullptr;
  const Frame* outer = nullptr;
};

/// A schema that holds, with or without its alternatives.
struct Layer {
  const Json* schema = nullptr;
  const Frame* around = nullptr;  ///< what it is within: a reference back there is a recursion
  bool has_choices = true;
  const Frame* own = nullptr;  ///< what those within it are within; set when it is taken apart
};

/// Schemas that hold together: what one of them says, holds.
using Layers = std::vector<Layer>;

/// The keyword of the first layer that has it, and not null; nullptr when none has.
const Json* first(const Layers& layers, std::string_view keyword);

/// Whether that is an array with something in it.
bool is_list(const Json* value);

/// What a type may be, in the spelling of the API: "STRING".
bool is_type(std::string_view name);

struct Types {
  std::vector<std::string_view> names;  ///< without NULL, unless it is the only one
  bool nullable = false;
};

/// What the layers say of the type, and else what their other keywords let one guess.
Types types_in(SchemaWalk& walk, const Layers& layers);

/// The values that are allowed; none when any is.
struct Values {
  std::vector<const Json*> all;  ///< without null
  bool nullable = false;
};
Values values_in(const Layers& layers);

}  // namespace gembal::gemini
