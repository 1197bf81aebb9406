#include "daemon/sandbox/ask.hpp"

#include <algorithm>

#include "daemon/sandbox/check.hpp"
#include "daemon/sandbox/dice.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

constexpr std::string_view kDirective = "sandbox:";
constexpr std::string_view kOurs = "gembal";  // marks signatures that the sandbox made
constexpr int kSignedBytes = 48;

/// The JSON object at the start of `text`: its length, or 0.
std::size_t object_length(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        in_string = false;
      }
    } else if (text[i] == '"') {
      in_string = true;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

ApiError bad_directive(const std::string& what) {
  return invalid_argument("sandbox: " + what + "\n");
}

std::optional<ApiError> read_directive(const Json& json, Directive& directive) {
  for (const auto& [name, value] : json.items()) {
    const auto number = integer_in(json, name);
    if (name == "text" && value.is_string()) {
      directive.text = value.get<std::string>();
    } else if (name == "thoughts" && value.is_string()) {
      directive.thoughts = value.get<std::string>();
    } else if (name == "words" && number && *number >= 0 && *number <= 100'000) {
      directive.words = number;
    } else if (name == "events" && number && *number >= 1 && *number <= 100'000) {
      directive.events = number;
    } else if (name == "delay" && parse_duration(string_in(json, name))) {
      directive.delay = parse_duration(string_in(json, name));
    } else if (name == "call" && value.is_string()) {
      directive.call = value.get<std::string>();
    } else if (name == "args" && value.is_object()) {
      directive.args = value;
    } else if (name == "fault" && value.is_string()) {
      auto fault = parse_fault(value.get<std::string>());
      if (!fault) return bad_directive(fault.error().message);
      directive.fault = *std::move(fault);
    } else {
      return bad_directive("the directive's member \"" + name +
                           "\" is unknown or has a wrong value");
    }
  }
  return std::nullopt;
}

/// Where a directive begins: at the beginning of a line, as others put words before a prompt.
std::size_t find_directive(std::string_view prompt) {
  for (auto at = prompt.find(kDirective); at != std::string_view::npos;
       at = prompt.find(kDirective, at + 1)) {
    const auto line = prompt.rfind('\n', at);
    const auto before = prompt.substr(0, at).substr(line == std::string_view::npos ? 0 : line);
    if (trim(before).empty() && trim(prompt.substr(at + kDirective.size())).starts_with('{'))
      return at;
  }
  return std::string_view::npos;
}

/// Takes a directive out of `prompt`.
std::optional<ApiError> take_directive(std::string& prompt, Directive& directive) {
  const auto at = find_directive(prompt);
  if (at == std::string::npos) return std::nullopt;
  const auto after = trim(std::string_view(prompt).substr(at + kDirective.size()));
  const auto length = object_length(after);
  const auto json = parse_json(after.substr(0, length));
  if (length == 0 || !json) return bad_directive("what follows is not a JSON object");
  if (auto error = read_directive(*json, directive)) return error;
  prompt = std::string(trim(prompt.substr(0, at) + std::string(after.substr(length))));
  return std::nullopt;
}

std::string modality_of(std::string_view mime_type) {
  if (mime_type.starts_with("image/")) return "IMAGE";
  if (mime_type.starts_with("audio/")) return "AUDIO";
  if (mime_type.starts_with("video/")) return "VIDEO";
  if (mime_type.starts_with("text/")) return "TEXT";
  return "DOCUMENT";
}

/// 32 for each second; of a recording whose length is not looked for, of 16 kB.
std::int64_t sound_tokens(std::string_view base64) {
  return static_cast<std::int64_t>(base64.size()) * 3 / 4 * 32 / 16'000 + 1;
}

class TokenCounter {
 public:
  void add(const std::string& modality, std::int64_t count) {
    for (auto& [name, total] : tokens_.by_modality) {
      if (name == modality) {
        total += count;
        return;
      }
    }
    tokens_.by_modality.emplace_back(modality, count);
  }

  void add_contents(const Json& contents) {
    for (const auto& content : contents) {
      const Json* parts = find(content, "parts");
      if (!parts) continue;
      for (const auto& part : *parts) add_part(part);
    }
  }

  PromptTokens take() { return std::move(tokens_); }

 private:
  void add_part(const Json& part) {
    if (const Json* blob = find(part, "inlineData")) {
      const auto modality = modality_of(string_in(*blob, "mimeType"));
      add(modality, modality == "AUDIO" ? sound_tokens(string_in(*blob, "data")) : 258);
    } else if (const Json* file = find(part, "fileData")) {
      add(modality_of(string_in(*file, "mimeType")), 258);
    } else if (find(part, "text")) {
      add("TEXT", count_tokens(string_in(part, "text")));
    } else {
      add("TEXT", count_tokens(to_text(part)));
    }
  }

  PromptTokens tokens_;
};

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(Dice(7, bytes).next());
}

}  // namespace

std::int64_t PromptTokens::total() const {
  std::int64_t sum = 0;
  for (const auto& [name, count] : by_modality) sum += count;
  return sum;
}

const Json* Ask::config(std::string_view name) const {
  const Json* config = find(body, "generationConfig");
  return config ? find(*config, name) : nullptr;
}

const Json* Ask::tool(std::string_view name) const {
  const Json* tools = find(body, "tools");
  if (!tools) return nullptr;
  for (const auto& tool : *tools) {
    if (const Json* member = find(tool, name)) return member;
  }
  return nullptr;
}

std::int64_t count_tokens(std::string_view text) {
  std::int64_t ascii = 0, others = 0;
  for (const char c : text) {
    if (!(c & 0x80)) {
      ++ascii;
    } else if ((c & 0xc0) == 0xc0) {
      ++others;
    }
  }
  return (ascii + 3) / 4 + others;
}

PromptTokens prompt_tokens(const Json& body) {
  TokenCounter counter;
  if (const Json* contents = find(body, "contents")) counter.add_contents(*contents);
  if (const Json* system = find(body, "systemInstruction"))
    counter.add_contents(Json::array({*system}));
  if (const Json* tools = find(body, "tools")) {
    for (const auto& tool : *tools) {
      if (const Json* functions = find(tool, "functionDeclarations"))
        counter.add("TEXT", count_tokens(to_text(*functions)));
    }
  }
  return counter.take();
}

std::string make_signature(std::uint64_t seed, std::string_view salt) {
  Dice dice(seed, salt);
  std::string payload = std::string(kOurs) + dice.bytes(kSignedBytes);
  const auto sum = checksum(payload);
  for (int shift = 24; shift >= 0; shift -= 8) payload += static_cast<char>(sum >> shift & 0xff);
  // Field 2 holding field 1, as in the protobuf messages that real signatures are: they begin with
  // "E".
  const auto length = static_cast<char>(payload.size());
  return base64_encode(std::string("\x12") + static_cast<char>(length + 2) + "\x0a" + length +
                       payload);
}

bool is_signature(std::string_view signature) {
  if (signature == "skip_thought_signature_validator" ||
      signature == "context_engineering_is_the_way_to_go")
    return true;
  const auto bytes = base64_decode(signature);
  if (!bytes || bytes->size() < 16) return false;
  const auto at = bytes->find(kOurs);
  if (at != 4) return true;
  const auto payload = std::string_view(*bytes).substr(at);
  if (payload.size() != kOurs.size() + kSignedBytes + 4) return false;
  std::uint32_t sum = 0;
  for (const char c : payload.substr(payload.size() - 4))
    sum = sum << 8 | static_cast<unsigned char>(c);
  return sum == checksum(payload.substr(0, payload.size() - 4));
}

std::variant<Ask, ApiError> understand(const Model& model, Json body, const Json* cached) {
  if (auto error = check_request(model, body)) return *error;
  Ask ask;
  ask.model = &model;
  const Json& last = body["contents"].back();
  for (const auto& part : last["parts"]) {
    if (find(part, "text"))
      ask.prompt += (ask.prompt.empty() ? "" : "\n") + std::string(string_in(part, "text"));
    if (const Json* blob = find(part, "inlineData")) {
      const auto bytes = base64_decode(string_in(*blob, "data"));
      const std::string mime_type(string_in(*blob, "mimeType"));
      if (!bytes)
        return invalid_argument(
            "Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed");
      ask.attachments.push_back(mime_type + ", " + std::to_string(bytes->size()) + " bytes");
    }
    if (const Json* file = find(part, "fileData"))
      ask.attachments.emplace_back(string_in(*file, "fileUri"));
    if (const Json* response = find(part, "functionResponse"))
      ask.function_responses.push_back(*response);
  }
  if (auto error = take_directive(ask.prompt, ask.directive)) return *error;
  ask.tokens = prompt_tokens(body);
  if (cached) {
    const auto more = prompt_tokens(*cached);
    ask.cached_tokens = more.total();
    TokenCounter counter;
    for (const auto& list : {ask.tokens, more}) {
      for (const auto& [name, count] : list.by_modality) counter.add(name, count);
    }
    ask.tokens = counter.take();
    for (const char* name : {"systemInstruction", "tools", "toolConfig"}) {
      if (const Json* member = find(*cached, name)) body[name] = *member;
    }
  }
  if (const Json* system = find(body, "systemInstruction"); system && find(*system, "parts")) {
    for (const auto& part : *find(*system, "parts")) ask.system += string_in(part, "text");
  }
  ask.body = std::move(body);
  return ask;
}

}  // namespace gembal::sandbox
