#include "lib/upstream/request_facts.hpp"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gembal::upstream {
namespace {

constexpr std::size_t kBytesPerToken = 4;
constexpr std::size_t kTokensPerPicture = 1000;  // what is inline is much shorter in tokens
constexpr std::size_t kMostObjects = 64;
constexpr std::size_t kLongestText = 4096;      // of what may name an object
constexpr std::size_t kMostKept = 1024 * 1024;  // a parser's buffers, once grown, never shrink

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  return (hash ^ std::hash<std::string_view>{}(text)) * 0x9E3779B97F4A7C15ull;
}

/// "files/abc" of "https://…/v1beta/files/abc" or of "files/abc:download"; "" of anything else.
/// Paths of a user's own files must not be taken for the API's: its ids are short, of lower-case
/// letters, digits and hyphens.
std::string file_in(std::string_view text) {
  constexpr std::string_view kFiles = "files/";
  constexpr std::size_t kLongestId = 40;
  const auto at = text.rfind(kFiles);
  if (at == std::string_view::npos) return "";
  if (at > 0) {
    const auto before = text.substr(0, at - 1);
    const auto version = before.substr(before.rfind('/') + 1);
    if (text[at - 1] != '/' || !text.starts_with("http") || version.size() < 2 ||
        version[0] != 'v' || version[1] < '0' || version[1] > '9')
      return "";
  }
  const auto name = text.substr(at);
  const auto end = std::min(
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", kFiles.size()), name.size());
  const auto length = end - kFiles.size();
  if (length == 0 || length > kLongestId) return "";
  if (end < name.size() && name[end] != ':' && name[end] != '?') return "";
  return std::string(name.substr(0, end));
}

/// The same of another collection.
std::string object_in(std::string_view text, std::string_view collection) {
  const auto at = text.rfind(collection);
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != '/')) return "";
  const auto name = text.substr(at);
  const auto end = name.find_first_not_of(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", collection.size());
  const auto whole = name.substr(0, end);
  return whole.size() > collection.size() ? std::string(whole) : "";
}

void keep(std::string name, std::vector<std::string>& found) {
  if (name.empty() || found.size() >= kMostObjects) return;
  if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(std::move(name));
}

/// The string that begins a member's value, as it is written but for "\/", as which some clients
/// write every slash. `rest`: what follows the member's name.
std::optional<std::string> text_of(std::string_view rest) {
  const auto begin = rest.find_first_not_of(" \t\r\n:");
  if (begin == std::string_view::npos || rest[begin] != '"') return std::nullopt;
  rest.remove_prefix(begin + 1);
  std::string text(rest.substr(0, std::min(rest.find('"'), kLongestText)));
  for (auto at = text.find("\\/"); at != std::string::npos; at = text.find("\\/", at))
    text.erase(at, 1);
  return text;
}

/// What `read` makes of a member's values wherever it stands, found without parsing: keys cannot
/// stand inside a JSON string, where their quotes would be escaped.
template <typename Read>
void find_quoted(std::string_view body, std::string_view member, Read read,
                 std::vector<std::string>& found) {
  for (auto at = body.find(member); at != std::string_view::npos;
       at = body.find(member, at + member.size())) {
    const auto text = text_of(body.substr(at + member.size()));
    if (text) keep(read(*text), found);
  }
}

/// `converses`: the body may hold arguments and results of tools, which have such members, too.
void find_files(std::string_view body, bool converses, std::vector<std::string>& found) {
  for (const std::string_view member : {"\"fileUri\"", "\"file_uri\""})
    find_quoted(body, member, file_in, found);
  if (converses) return;
  for (const std::string_view member : {"\"uri\"", "\"fileName\"", "\"file_name\""})
    find_quoted(body, member, file_in, found);
}

void find_caches(std::string_view body, std::vector<std::string>& found) {
  const auto cache_in = [](std::string_view text) { return object_in(text, "cachedContents/"); };
  for (const std::string_view member : {"\"cachedContent\"", "\"cached_content\""})
    find_quoted(body, member, cache_in, found);
}

/// `"previous_interaction_id": "x"` -> "interactions/x".
void find_interaction(std::string_view body, std::vector<std::string>& found) {
  for (const std::string_view member :
       {"\"previous_interaction_id\"", "\"previousInteractionId\""}) {
    const auto at = body.find(member);
    if (at == std::string_view::npos) continue;
    const auto id = text_of(body.substr(at + member.size()));
    if (id && !id->empty() && id->size() <= 256) keep("interactions/" + *id, found);
  }
}

/// "fileSearchStoreNames": ["fileSearchStores/x"]
void find_stores(std::string_view body, std::vector<std::string>& found) {
  constexpr std::string_view kStores = "\"fileSearchStores";
  for (auto at = body.find(kStores); at != std::string_view::npos;
       at = body.find(kStores, at + kStores.size())) {
    const auto text = text_of(body.substr(at));
    if (text) keep(object_in(*text, "fileSearchStores/"), found);
  }
}

/// The instructions that messages begin with, the first turn after them, and how many turns there
/// are, up to two.
struct Turns {
  std::uint64_t instructions = 0;
  std::string_view first;
  std::size_t count = 0;
};

/// OpenAI's way of writing a conversation. False when it cannot be read.
bool read_messages(simdjson::ondemand::value value, Turns& turns) {
  simdjson::ondemand::array messages;
  if (value.get_array().get(messages) != simdjson::SUCCESS) return false;
  for (auto message : messages) {
    std::string_view text;
    if (simdjson::to_json_string(message).get(text) != simdjson::SUCCESS) return false;
    // Roles are written without escapes, and a quote within a text has one.
    const auto role = text.find("\"role\"");
    const auto begin = role == std::string_view::npos ? role : text.find('"', role + 6);
    const auto word = begin == std::string_view::npos ? std::string_view() : text.substr(begin + 1);
    if (turns.count == 0 && (word.starts_with("system\"") || word.starts_with("developer\""))) {
      turns.instructions = mix(turns.instructions, text);
      continue;
    }
    if (turns.count++ > 0) break;
    turns.first = text;
  }
  return true;
}

void read_conversation(simdjson::ondemand::parser& parser, std::string_view body,
                       std::string_view model, std::size_t room, RequestFacts& facts) {
  // A body of megabytes is not copied when it need not be.
  simdjson::padded_string copy;
  if (room < simdjson::SIMDJSON_PADDING) copy = simdjson::padded_string(body);
  const auto padded =
      room < simdjson::SIMDJSON_PADDING
          ? simdjson::padded_string_view(copy)
          : simdjson::padded_string_view(body.data(), body.size(), body.size() + room);
  simdjson::ondemand::document document;
  simdjson::ondemand::object request;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return;
  if (document.get_object().get(request) != simdjson::SUCCESS) return;
  std::string_view system, first;
  std::size_t turns = 0;
  std::uint64_t instructions = 1;
  for (auto field : request) {
    std::string_view name;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS) return;
    if (name == "systemInstruction" || name == "system_instruction") {
      if (simdjson::to_json_string(field.value()).get(system) != simdjson::SUCCESS) return;
    } else if (name == "contents") {
      simdjson::ondemand::array contents;
      if (field.value().get_array().get(contents) != simdjson::SUCCESS) return;
      for (auto content : contents) {
        if (turns++ > 0) break;
        if (simdjson::to_json_string(content).get(first) != simdjson::SUCCESS) return;
      }
    } else if (name == "messages") {
      Turns messages;
      if (!read_messages(field.value(), messages)) return;
      first = messages.first;
      turns = messages.count;
      instructions = messages.instructions;
    }
  }
  if (turns == 0) return;
  const auto hash = mix(mix(mix(instructions, model), system), first);
  facts.conversation = hash == 0 ? 1 : hash;
  facts.continues = turns > 1;
}

void read_conversation(const std::string& body, std::string_view model, RequestFacts& facts) {
  const auto room = body.capacity() - body.size();
  thread_local simdjson::ondemand::parser kept;
  if (body.size() <= kMostKept) return read_conversation(kept, body, model, room, facts);
  simdjson::ondemand::parser parser;
  read_conversation(parser, body, model, room, facts);
}

std::uint32_t guess_tokens(std::string_view body) {
  constexpr std::string_view kData = "\"data\"";
  std::size_t inlined = 0, pictures = 0;
  for (auto at = body.find(kData); at != std::string_view::npos; at = body.find(kData, at)) {
    at += kData.size();
    const auto begin = body.find_first_not_of(" \t\r\n:", at);
    if (begin == std::string_view::npos || body[begin] != '"') continue;
    at = std::min(body.find('"', begin + 1), body.size());
    inlined += at - begin;
    ++pictures;
  }
  const auto tokens = (body.size() - inlined) / kBytesPerToken + pictures * kTokensPerPicture;
  return static_cast<std::uint32_t>(std::min<std::size_t>(tokens, UINT32_MAX));
}

}  // namespace

RequestFacts look_at_request(const std::string& body, std::string_view model) {
  RequestFacts facts;
  // Most bodies name nothing: words without a quote, of which there are many, rule that out
  // soonest.
  const auto has = [&body](std::string_view word) { return body.find(word) != std::string::npos; };
  if (has("files")) find_files(body, !model.empty(), facts.objects);
  if (has("cachedContents")) find_caches(body, facts.objects);
  if (has("revious")) find_interaction(body, facts.objects);
  if (has("fileSearchStores")) find_stores(body, facts.objects);
  if (model.empty()) return facts;
  read_conversation(body, model, facts);
  facts.tokens = guess_tokens(body);
  return facts;
}

}  // namespace gembal::upstream
