#include "lib/upstream/request_facts.hpp"

#include <simdjson.h>

#include <algorithm>

namespace gembal::upstream {
namespace {

constexpr std::size_t kBytesPerToken = 4;
constexpr std::uint32_t kTokensPerPicture = 1000;  // what is inline is much shorter in tokens
constexpr std::size_t kMostObjects = 64;

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  return (hash ^ std::hash<std::string_view>{}(text)) * 0x9E3779B97F4A7C15ull;
}

/// "files/abc" of "https://…/v1beta/files/abc" or of "files/abc:download"; "" of anything else.
std::string object_in(std::string_view text, std::string_view collection) {
  const auto at = text.rfind(collection);
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != '/')) return "";
  const auto name = text.substr(at);
  const auto end = name.find_first_not_of(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", collection.size());
  const auto whole = name.substr(0, end);
  return whole.size() > collection.size() ? std::string(whole) : "";
}

/// The values of a member wherever it stands, found without parsing: keys cannot stand inside a
/// JSON string, where their quotes would be escaped.
void find_quoted(std::string_view body, std::string_view member, std::string_view collection,
                 std::vector<std::string>& found) {
  for (auto at = body.find(member); at != std::string_view::npos;
       at = body.find(member, at + member.size())) {
    auto rest = body.substr(at + member.size());
    const auto begin = rest.find_first_not_of(" \t\r\n:");
    if (begin == std::string_view::npos || rest[begin] != '"') continue;
    rest.remove_prefix(begin + 1);
    const auto name = object_in(rest.substr(0, rest.find('"')), collection);
    if (name.empty() || found.size() >= kMostObjects) continue;
    if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
  }
}

void find_objects(std::string_view body, std::vector<std::string>& found) {
  for (const std::string_view member :
       {"\"fileUri\"", "\"file_uri\"", "\"uri\"", "\"fileName\"", "\"file_name\""}) {
    find_quoted(body, member, "files/", found);
  }
  for (const std::string_view member : {"\"cachedContent\"", "\"cached_content\""})
    find_quoted(body, member, "cachedContents/", found);
}

/// `"previous_interaction_id": "x"` -> "interactions/x".
void find_interaction(std::string_view body, std::vector<std::string>& found) {
  for (const std::string_view member :
       {"\"previous_interaction_id\"", "\"previousInteractionId\""}) {
    const auto at = body.find(member);
    if (at == std::string_view::npos) continue;
    auto rest = body.substr(at + member.size());
    const auto begin = rest.find_first_not_of(" \t\r\n:");
    if (begin == std::string_view::npos || rest[begin] != '"') continue;
    rest.remove_prefix(begin + 1);
    const auto id = rest.substr(0, rest.find('"'));
    if (!id.empty() && id.size() <= 256) found.push_back("interactions/" + std::string(id));
  }
}

/// "fileSearchStoreNames": ["fileSearchStores/x"]
void find_stores(std::string_view body, std::vector<std::string>& found) {
  constexpr std::string_view kStores = "\"fileSearchStores/";
  for (auto at = body.find(kStores); at != std::string_view::npos;
       at = body.find(kStores, at + kStores.size())) {
    const auto rest = body.substr(at + 1);
    const auto name = object_in(rest.substr(0, rest.find('"')), "fileSearchStores/");
    if (!name.empty() && found.size() < kMostObjects &&
        std::find(found.begin(), found.end(), name) == found.end())
      found.push_back(name);
  }
}

void read_conversation(std::string_view body, std::string_view model, RequestFacts& facts) {
  thread_local simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::object request;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return;
  if (document.get_object().get(request) != simdjson::SUCCESS) return;
  auto hash = mix(1, model);
  std::size_t turns = 0;
  for (auto field : request) {
    std::string_view name;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return;
    std::string_view text;
    if (name == "systemInstruction" || name == "system_instruction") {
      if (simdjson::to_json_string(field.value()).get(text) != simdjson::SUCCESS) return;
      hash = mix(hash, text);
    } else if (name == "contents") {
      simdjson::ondemand::array contents;
      if (field.value().get_array().get(contents) != simdjson::SUCCESS) return;
      for (auto content : contents) {
        if (turns++ > 0) break;
        if (simdjson::to_json_string(content).get(text) != simdjson::SUCCESS) return;
        hash = mix(hash, text);
      }
    }
  }
  if (turns == 0) return;
  facts.conversation = hash == 0 ? 1 : hash;
  facts.continues = turns > 1;
}

}  // namespace

RequestFacts look_at_request(std::string_view body, std::string_view model) {
  RequestFacts facts;
  find_objects(body, facts.objects);
  find_interaction(body, facts.objects);
  find_stores(body, facts.objects);
  if (model.empty()) return facts;
  read_conversation(body, model, facts);
  std::size_t inlined = 0;
  std::uint32_t pictures = 0;
  for (auto at = body.find("\"data\""); at != std::string_view::npos;) {
    const auto begin = body.find('"', at + 6);
    if (begin == std::string_view::npos) break;
    const auto end = std::min(body.find('"', begin + 1), body.size());
    inlined += end - begin;
    ++pictures;
    at = body.find("\"data\"", end);
  }
  facts.tokens =
      static_cast<std::uint32_t>((body.size() - std::min(inlined, body.size())) / kBytesPerToken) +
      pictures * kTokensPerPicture;
  return facts;
}

}  // namespace gembal::upstream
