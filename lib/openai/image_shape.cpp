#include "lib/openai/image_shape.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "lib/core/text.hpp"

namespace gembal::openai {
namespace {

struct Ratio {
  const char* name;
  int across;
  int down;
};

constexpr Ratio kRatios[] = {{"1:1", 1, 1},   {"2:3", 2, 3},  {"3:2", 3, 2}, {"3:4", 3, 4},
                             {"4:3", 4, 3},   {"4:5", 4, 5},  {"5:4", 5, 4}, {"9:16", 9, 16},
                             {"16:9", 16, 9}, {"21:9", 21, 9}};
constexpr Ratio kLongRatios[] = {{"1:4", 1, 4}, {"4:1", 4, 1}, {"1:8", 1, 8}, {"8:1", 8, 1}};

constexpr int kLeastSide = 16;
constexpr int kMostSide = 8192;
constexpr double kNear = 0.12;  // of the logarithm: about an eighth

std::vector<Ratio> ratios_of(const ShapeTraits& traits) {
  std::vector<Ratio> all(std::begin(kRatios), std::end(kRatios));
  if (traits.has_long_shapes) all.insert(all.end(), std::begin(kLongRatios), std::end(kLongRatios));
  return all;
}

/// "AxB" or "A:B" as two numbers.
std::optional<std::pair<int, int>> two_numbers(std::string_view text, char between) {
  const auto at = text.find(between);
  if (at == std::string_view::npos) return std::nullopt;
  const auto read = [](std::string_view digits) -> std::optional<int> {
    int number = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure != std::errc() || end != digits.data() + digits.size() || number < 1)
      return std::nullopt;
    return number;
  };
  const auto first = read(trim(text.substr(0, at)));
  const auto second = read(trim(text.substr(at + 1)));
  if (!first || !second) return std::nullopt;
  return std::pair{*first, *second};
}

/// The nearest ratio, and how far off it is.
std::pair<std::string, double> nearest_to(int across, int down, const ShapeTraits& traits) {
  std::pair<std::string, double> best{"1:1", 1e9};
  for (const auto& ratio : ratios_of(traits)) {
    const double off = std::abs(std::log(static_cast<double>(across) / down) -
                                std::log(static_cast<double>(ratio.across) / ratio.down));
    if (off < best.second) best = {ratio.name, off};
  }
  return best;
}

}  // namespace

ShapeTraits shape_traits(std::string_view model) {
  const auto has = [model](std::string_view word) {
    return model.find(word) != std::string_view::npos;
  };
  if (model.starts_with("gemini-2") || model.starts_with("gemini-1")) return {};
  if (has("-lite")) return {false, false, false, true};
  if (has("-pro")) return {true, false, false, true};
  return {true, true, true, true};
}

std::optional<Shape> shape_of(std::string_view size, const ShapeTraits& traits) {
  auto sides = two_numbers(size, 'x');
  if (!sides) sides = two_numbers(size, 'X');
  if (!sides) return std::nullopt;
  const auto [across, down] = *sides;
  const int longer = std::max(across, down);
  if (std::min(across, down) < kLeastSide || longer > kMostSide) return std::nullopt;
  const auto [ratio, off] = nearest_to(across, down, traits);
  Shape shape;
  shape.aspect_ratio = ratio;
  shape.is_near = off < kNear;
  shape.size_class = longer <= 640 ? "512" : longer <= 1792 ? "1K" : longer <= 3072 ? "2K" : "4K";
  return shape;
}

bool has_size_class(std::string_view size_class, const ShapeTraits& traits) {
  if (size_class == "1K") return true;
  return size_class == "512" ? traits.has_half_size : traits.has_sizes;
}

bool has_aspect_ratio(std::string_view ratio, const ShapeTraits& traits) {
  for (const auto& known : ratios_of(traits)) {
    if (ratio == known.name) return true;
  }
  return false;
}

std::string list_aspect_ratios(const ShapeTraits& traits) {
  std::string list;
  for (const auto& ratio : ratios_of(traits))
    list.append(list.empty() ? "" : ", ").append(ratio.name);
  return list;
}

std::string nearest_aspect_ratio(std::string_view ratio, const ShapeTraits& traits) {
  const auto sides = two_numbers(ratio, ':');
  return sides ? nearest_to(sides->first, sides->second, traits).first : "1:1";
}

}  // namespace gembal::openai
