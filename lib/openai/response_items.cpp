#include "lib/openai/response_items.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "lib/core/base64.hpp"
#include "lib/openai/bad_request.hpp"

namespace gembal::openai {
namespace {

constexpr std::string_view kResponse = "resp_";
constexpr std::string_view kSeal = "gembal/1";

std::string_view prefix_of(std::string_view type) {
  static const std::map<std::string_view, std::string_view> kPrefixes = {
      {"message", "msg"},        {"function_call", "fc"},           {"reasoning", "rs"},
      {"web_search_call", "ws"}, {"custom_tool_call", "ctc"},       {"function_call_output", "fco"},
      {"item_reference", "ref"}, {"custom_tool_call_output", "cto"}};
  const auto found = kPrefixes.find(type);
  return found == kPrefixes.end() ? "item" : found->second;
}

bool is_hex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

}  // namespace

std::string item_id(std::string_view prefix, const ItemPlace& place) {
  std::string_view response = place.response_id;
  if (response.starts_with(kResponse)) response.remove_prefix(kResponse.size());
  std::string id(prefix);
  return id.append("_")
      .append(response)
      .append(place.is_input ? "i" : "o")
      .append(std::to_string(place.number));
}

std::optional<ItemPlace> place_of_item(std::string_view id) {
  const auto underscore = id.find('_');
  const auto mark = id.find_last_of("io");
  if (underscore == std::string_view::npos || mark == std::string_view::npos || mark < underscore)
    return std::nullopt;
  const auto response = id.substr(underscore + 1, mark - underscore - 1);
  const auto digits = id.substr(mark + 1);
  ItemPlace place;
  const auto* end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, place.number);
  if (!is_hex(response) || digits.empty() || failure != std::errc() || stop != end)
    return std::nullopt;
  place.response_id = std::string(kResponse).append(response);
  place.is_input = id[mark] == 'i';
  return place;
}

std::string seal(const SealedSignature& signature) {
  std::string text(kSeal);
  return base64_encode(
      text.append("\n").append(signature.call_id).append("\n").append(signature.signature));
}

std::optional<SealedSignature> unseal(std::string_view encrypted) {
  const auto text = base64_decode(encrypted);
  if (!text || !text->starts_with(kSeal) || text->size() <= kSeal.size() ||
      (*text)[kSeal.size()] != '\n')
    return std::nullopt;
  const auto rest = std::string_view(*text).substr(kSeal.size() + 1);
  const auto line_end = rest.find('\n');
  if (line_end == std::string_view::npos || line_end + 1 == rest.size()) return std::nullopt;
  return SealedSignature{std::string(rest.substr(0, line_end)),
                         std::string(rest.substr(line_end + 1))};
}

Json listed_item(Json item, const ItemPlace& place) {
  if (!item.is_object()) return item;
  if (string_in(item, "type").empty() && !string_in(item, "role").empty()) item["type"] = "message";
  const auto type = std::string(string_in(item, "type"));
  if (string_in(item, "id").empty()) item["id"] = item_id(prefix_of(type), place);
  if (type == "message" && item.contains("content") && item["content"].is_string()) {
    const bool is_answer = string_in(item, "role") == "assistant";
    Json part = {{"type", is_answer ? "output_text" : "input_text"}};
    part["text"] = std::move(item["content"]);
    if (is_answer) part["annotations"] = Json::array();
    item["content"] = Json::array({std::move(part)});
  }
  const bool has_status = type != "reasoning" && type != "item_reference";
  if (has_status && !item.contains("status")) item["status"] = "completed";
  return item;
}

Json public_item(Json item) {
  if (item.is_object()) item.erase(kSignatureMember);
  return item;
}

Result<Json> items_of_input(Json input) {
  if (input.is_null()) return Json::array();
  if (input.is_array()) return input;
  if (!input.is_string()) return bad("input", "'input' must be a text or an array of items");
  Json item = {{"type", "message"}, {"role", "user"}};
  item["content"] = std::move(input);
  return Json::array({std::move(item)});
}

}  // namespace gembal::openai
