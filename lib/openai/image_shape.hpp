#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gembal::openai {

/// What an image model can be told about a picture's shape.
struct ShapeTraits {
  bool has_sizes = false;        ///< knows imageSize
  bool has_half_size = false;    ///< and "512"
  bool has_long_shapes = false;  ///< 1:4, 4:1, 1:8, 8:1
  bool shows_drafts = false;     ///< thinks in pictures
};
ShapeTraits shape_traits(std::string_view model);

/// A shape in Gemini's words.
struct Shape {
  std::string aspect_ratio;
  std::string size_class;  ///< "512", "1K", "2K", "4K"
  bool is_near = true;     ///< false: what was asked for is rather another shape
};

/// "1536x1024" as the nearest shape that the model has, and the smallest class of sizes that is no
/// smaller; OpenAI's own sizes up to 1792 are of the standard class. nullopt when it is no size, or
/// a side is not 16 to 8192.
std::optional<Shape> shape_of(std::string_view size, const ShapeTraits& traits);

/// Whether the model can be asked for that class; "1K" is every model's.
bool has_size_class(std::string_view size_class, const ShapeTraits& traits);

/// Whether the model has that aspect ratio ("16:9").
bool has_aspect_ratio(std::string_view ratio, const ShapeTraits& traits);
/// "1:1, 2:3, …", for an error.
std::string list_aspect_ratios(const ShapeTraits& traits);
/// The nearest ratio that the model has, for one that is well formed.
std::string nearest_aspect_ratio(std::string_view ratio, const ShapeTraits& traits);

}  // namespace gembal::openai
