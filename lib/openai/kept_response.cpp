#include "lib/openai/kept_response.hpp"

#include <algorithm>

#include "lib/openai/response_items.hpp"

namespace gembal::openai {
namespace {

Json take(Json& value, const char* name) {
  const auto found = value.find(name);
  return found == value.end() ? Json() : std::move(*found);
}

}  // namespace

std::string write_kept_response(const KeptResponse& kept) {
  Json json = {{"owner", kept.owner}, {"alive", kept.alive}};
  json["response"] = kept.response;
  json["response"].erase("output");
  json["input"] = kept.input;
  json["output"] = kept.output;
  return to_text(json);
}

std::optional<KeptResponse> read_kept_response(std::string_view text) {
  auto json = parse_json(text);
  if (!json || !json->is_object()) return std::nullopt;
  KeptResponse kept;
  kept.owner = string_in(*json, "owner");
  kept.alive = integer_in(*json, "alive").value_or(0);
  kept.response = take(*json, "response");
  kept.input = take(*json, "input");
  kept.output = take(*json, "output");
  if (!kept.response.is_object() || !kept.input.is_array() || !kept.output.is_array())
    return std::nullopt;
  return kept;
}

Json shown(const KeptResponse& kept) {
  Json made = Json::object();
  const auto put_output = [&] {
    auto& output = made["output"] = Json::array();
    for (const auto& item : kept.output) output.push_back(public_item(item));
  };
  for (const auto& [name, value] : kept.response.items()) {
    if (name == "usage") put_output();
    made[name] = value;
  }
  if (!made.contains("output")) put_output();
  return made;
}

const Json* item_in(const KeptResponse& kept, std::string_view id) {
  for (const auto* list : {&kept.output, &kept.input}) {
    const auto found = std::find_if(list->begin(), list->end(),
                                    [id](const Json& item) { return string_in(item, "id") == id; });
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

Json list_input(const KeptResponse& kept, const ItemPage& page) {
  std::vector<const Json*> items;
  for (const auto& item : kept.input) items.push_back(&item);
  if (!page.ascending) std::reverse(items.begin(), items.end());
  if (!page.after.empty()) {
    const auto seen = std::find_if(items.begin(), items.end(), [&](const Json* item) {
      return string_in(*item, "id") == page.after;
    });
    items.erase(items.begin(), seen == items.end() ? seen : seen + 1);
  }
  const bool has_more = items.size() > page.limit;
  if (has_more) items.resize(page.limit);
  Json list = {{"object", "list"}, {"data", Json::array()}};
  for (const auto* item : items) list["data"].push_back(public_item(*item));
  list["first_id"] = items.empty() ? Json() : Json(string_in(*items.front(), "id"));
  list["last_id"] = items.empty() ? Json() : Json(string_in(*items.back(), "id"));
  list["has_more"] = has_more;
  return list;
}

}  // namespace gembal::openai
