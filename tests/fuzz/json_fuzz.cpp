// JSON: two parsers share the work, and must agree; what is written can be read, and is the same.

#include "lib/core/json.hpp"

#include "lib/core/json_peek.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

/// What is large enough for the reader of large texts is read as what is not.
void check_large(std::string_view input, const Result<Json>& small) {
  std::string large(input);
  large.append(300'000, ' ');
  large.reserve(large.size() + kJsonRoom);
  const auto read = parse_json(large);
  promise(static_cast<bool>(read) == static_cast<bool>(small), "large texts are read alike");
  if (read) promise(to_text(*read) == to_text(*small), "large texts are read alike");
}

}  // namespace

void fuzz_one(std::string_view input) {
  const auto parsed = parse_json(input);
  const Json other = Json::parse(input, nullptr, false);
  if (input.size() % 16 == 5) check_large(input, parsed);  // not all: it takes its time
  if (!parsed) {
    promise(!parsed.error().message.empty(), "a refusal says why");
    // What nests too deep, is too wide or has too large a number is JSON all the same.
    promise(other.is_discarded() || parsed.error().message.find("nested") != std::string::npos ||
                parsed.error().message.find("members") != std::string::npos,
            "JSON is read", parsed.error().message);
    return;
  }
  promise(!other.is_discarded(), "nothing but JSON is read");
  promise(*parsed == other, "two parsers read the same", to_text(*parsed));
  const auto text = to_text(*parsed);
  promise(text == to_text(other), "in the same order", text);
  const auto again = parse_json(text);
  promise(again && *again == *parsed, "what was written is read", text);
  if (!parsed->is_object()) return;
  const auto peeked = top_level_string(input, "model");
  if (peeked) promise(find(*parsed, "model") != nullptr, "what is peeked is there", text);
}

}  // namespace gembal
