// The request messages of the API as far as the sandbox knows them: enough to refuse what the real
// one refuses. A kind is a scalar, the name of a message, "Name[]" for a list, "Name{}" for a map,
// or "any" for what is taken as it is.
#include "daemon/sandbox/fields.hpp"

#include <map>
#include <string>
#include <vector>

namespace gembal::sandbox {
namespace {

struct Field {
  const char* name;
  const char* kind;
};
using Fields = std::vector<Field>;

const std::map<std::string, Fields, std::less<>>& messages() {
  static const std::map<std::string, Fields, std::less<>> all = {
      {"GenerateContentRequest",
       {{"model", "string"},
        {"contents", "Content[]"},
        {"systemInstruction", "Content"},
        {"tools", "Tool[]"},
        {"toolConfig", "ToolConfig"},
        {"safetySettings", "SafetySetting[]"},
        {"generationConfig", "GenerationConfig"},
        {"cachedContent", "string"},
        {"serviceTier", "string"},
        {"labels", "any"},
        {"store", "bool"},
        {"continuationToken", "string"}}},
      {"CountTokensRequest",
       {{"model", "string"},
        {"contents", "Content[]"},
        {"generateContentRequest", "GenerateContentRequest"}}},
      {"EmbedContentRequest",
       {{"model", "string"},
        {"content", "Content"},
        {"taskType", "string"},
        {"title", "string"},
        {"outputDimensionality", "int"},
        {"embedContentConfig", "any"}}},
      {"BatchEmbedContentsRequest", {{"model", "string"}, {"requests", "EmbedContentRequest[]"}}},
      {"BatchGenerateContentRequest", {{"model", "string"}, {"batch", "GenerateContentBatch"}}},
      {"GenerateContentBatch",
       {{"name", "string"},
        {"model", "string"},
        {"displayName", "string"},
        {"inputConfig", "InputConfig"},
        {"priority", "any"}}},
      {"InputConfig", {{"fileName", "string"}, {"requests", "InlinedRequests"}}},
      {"InlinedRequests", {{"requests", "InlinedRequest[]"}}},
      {"InlinedRequest", {{"request", "GenerateContentRequest"}, {"metadata", "any"}}},
      {"AsyncBatchEmbedContentRequest", {{"model", "string"}, {"batch", "EmbedContentBatch"}}},
      {"EmbedContentBatch",
       {{"name", "string"},
        {"model", "string"},
        {"displayName", "string"},
        {"inputConfig", "InputEmbedContentConfig"},
        {"priority", "any"}}},
      {"InputEmbedContentConfig",
       {{"fileName", "string"}, {"requests", "InlinedEmbedContentRequests"}}},
      {"InlinedEmbedContentRequests", {{"requests", "InlinedEmbedContentRequest[]"}}},
      {"InlinedEmbedContentRequest", {{"request", "EmbedContentRequest"}, {"metadata", "any"}}},
      {"FileSearchStore",
       {{"name", "string"}, {"displayName", "string"}, {"embeddingModel", "string"}}},
      {"ImportFileRequest",
       {{"fileName", "string"}, {"customMetadata", "any"}, {"chunkingConfig", "any"}}},
      {"UploadToFileSearchStoreRequest",
       {{"displayName", "string"},
        {"mimeType", "string"},
        {"customMetadata", "any"},
        {"chunkingConfig", "any"}}},
      {"PredictLongRunningRequest", {{"instances", "any"}, {"parameters", "any"}}},
      {"CachedContent",
       {{"name", "string"},
        {"model", "string"},
        {"displayName", "string"},
        {"contents", "Content[]"},
        {"systemInstruction", "Content"},
        {"tools", "Tool[]"},
        {"toolConfig", "ToolConfig"},
        {"ttl", "string"},
        {"expireTime", "string"}}},
      {"CreateFileRequest", {{"file", "File"}}},
      {"File",
       {{"name", "string"},
        {"displayName", "string"},
        {"mimeType", "string"},
        {"sizeBytes", "any"},
        {"uri", "string"}}},
      {"Content", {{"role", "string"}, {"parts", "Part[]"}}},
      {"Part",
       {{"text", "string"},
        {"inlineData", "Blob"},
        {"fileData", "FileData"},
        {"functionCall", "FunctionCall"},
        {"functionResponse", "FunctionResponse"},
        {"executableCode", "any"},
        {"codeExecutionResult", "any"},
        {"toolCall", "any"},
        {"toolResponse", "any"},
        {"thought", "bool"},
        {"thoughtSignature", "string"},
        {"videoMetadata", "any"},
        {"mediaResolution", "any"},
        {"partMetadata", "any"},
        {"mediaProcessing", "any"},
        {"speechMetadata", "any"},
        {"audioTranscription", "any"}}},
      {"Blob", {{"mimeType", "string"}, {"data", "string"}, {"displayName", "string"}}},
      {"FileData", {{"mimeType", "string"}, {"fileUri", "string"}, {"displayName", "string"}}},
      {"FunctionCall", {{"name", "string"}, {"args", "any"}, {"id", "string"}}},
      {"FunctionResponse",
       {{"name", "string"},
        {"response", "any"},
        {"id", "string"},
        {"parts", "any"},
        {"willContinue", "bool"},
        {"scheduling", "string"}}},
      {"Tool",
       {{"functionDeclarations", "FunctionDeclaration[]"},
        {"googleSearch", "any"},
        {"googleSearchRetrieval", "any"},
        {"codeExecution", "any"},
        {"urlContext", "any"},
        {"googleMaps", "any"},
        {"fileSearch", "any"},
        {"computerUse", "any"},
        {"mcpServers", "any"}}},
      {"FunctionDeclaration",
       {{"name", "string"},
        {"description", "string"},
        {"parameters", "Schema"},
        {"parametersJsonSchema", "any"},
        {"response", "Schema"},
        {"responseJsonSchema", "any"},
        {"behavior", "string"}}},
      {"Schema", {{"type", "string"},       {"format", "string"},
                  {"title", "string"},      {"description", "string"},
                  {"nullable", "bool"},     {"enum", "string[]"},
                  {"items", "Schema"},      {"maxItems", "int"},
                  {"minItems", "int"},      {"properties", "Schema{}"},
                  {"required", "string[]"}, {"minProperties", "int"},
                  {"maxProperties", "int"}, {"minimum", "number"},
                  {"maximum", "number"},    {"minLength", "int"},
                  {"maxLength", "int"},     {"pattern", "string"},
                  {"example", "any"},       {"default", "any"},
                  {"anyOf", "Schema[]"},    {"propertyOrdering", "string[]"}}},
      {"ToolConfig",
       {{"functionCallingConfig", "FunctionCallingConfig"},
        {"retrievalConfig", "any"},
        {"includeServerSideToolInvocations", "bool"}}},
      {"FunctionCallingConfig", {{"mode", "string"}, {"allowedFunctionNames", "string[]"}}},
      {"SafetySetting", {{"category", "string"}, {"threshold", "string"}}},
      {"GenerationConfig",
       {{"temperature", "number"},
        {"topP", "number"},
        {"topK", "number"},
        {"maxOutputTokens", "int"},
        {"candidateCount", "int"},
        {"stopSequences", "string[]"},
        {"seed", "int"},
        {"presencePenalty", "number"},
        {"frequencyPenalty", "number"},
        {"responseMimeType", "string"},
        {"responseSchema", "Schema"},
        {"responseJsonSchema", "any"},
        {"responseFormat", "any"},
        {"responseModalities", "string[]"},
        {"responseLogprobs", "bool"},
        {"logprobs", "int"},
        {"mediaResolution", "string"},
        {"speechConfig", "any"},
        {"imageConfig", "ImageConfig"},
        {"thinkingConfig", "ThinkingConfig"},
        {"audioTranscriptionConfig", "any"},
        {"translationConfig", "any"},
        {"enableEnhancedCivicAnswers", "bool"}}},
      {"ImageConfig", {{"aspectRatio", "string"}, {"imageSize", "string"}}},
      {"ThinkingConfig",
       {{"includeThoughts", "bool"}, {"thinkingBudget", "int"}, {"thinkingLevel", "string"}}},
  };
  return all;
}

std::string camel_case(std::string_view name) {
  std::string camel;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      upper = false;
    }
  }
  return camel;
}

std::string snake_case(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      snake += '_';
      snake += static_cast<char>(c + 32);
    } else {
      snake += c;
    }
  }
  return snake;
}

/// Walks one body; collects what is wrong instead of stopping at the first fault, as the API does.
class Reader {
 public:
  Json message(const Json& json, const std::string& type, const std::string& path) {
    if (!json.is_object()) {
      invalid(path, "type.googleapis.com/google.ai.generativelanguage." + type, json);
      return Json::object();
    }
    Json value = Json::object();
    const auto& fields = messages().at(type);
    for (const auto& [name, member] : json.get_ref<const Json::object_t&>()) {
      const std::string camel = camel_case(name);
      const Field* known = nullptr;
      for (const auto& field : fields) {
        if (camel == field.name) known = &field;
      }
      if (!known) {
        const std::string at = path.empty() ? "" : " at '" + path + "'";
        violations_.push_back({path, "Invalid JSON payload received. Unknown name \"" + name +
                                         "\"" + at + ": Cannot find field."});
        continue;
      }
      if (member.is_null()) continue;  // protobuf's JSON: the same as not there
      const std::string inner = (path.empty() ? "" : path + ".") + snake_case(camel);
      value[camel] = field(member, known->kind, inner);
    }
    return value;
  }

  std::vector<FieldViolation>& violations() { return violations_; }

 private:
  Json field(const Json& json, const std::string& kind, const std::string& path) {
    if (kind == "any") return json;
    if (kind.ends_with("[]")) {
      const std::string element = kind.substr(0, kind.size() - 2);
      Json list = Json::array();
      if (!json.is_array()) {
        list.push_back(field(json, element, path));
        return list;
      }
      for (std::size_t i = 0; i < json.size(); ++i) {
        list.push_back(field(json[i], element, path + "[" + std::to_string(i) + "]"));
      }
      return list;
    }
    if (kind.ends_with("{}")) {
      if (!json.is_object()) {
        invalid(path, "Map", json);
        return Json::object();
      }
      Json map = Json::object();
      const std::string element = kind.substr(0, kind.size() - 2);
      int index = 0;
      for (const auto& [name, member] : json.get_ref<const Json::object_t&>()) {
        map[name] = field(member, element, path + "[" + std::to_string(index++) + "].value");
      }
      return map;
    }
    if (kind == "string") {
      if (!json.is_string()) invalid(path, "TYPE_STRING", json);
      return json.is_string() ? json : Json("");
    }
    if (kind == "bool") {
      if (!json.is_boolean()) invalid(path, "TYPE_BOOL", json);
      return json.is_boolean() ? json : Json(false);
    }
    if (kind == "int") return whole_number(json, path);
    if (kind == "number") {
      if (!json.is_number()) invalid(path, "TYPE_FLOAT", json);
      return json.is_number() ? json : Json(0);
    }
    return message(json, kind, path);
  }

  Json whole_number(const Json& json, const std::string& path) {
    if (json.is_number_integer()) return json;
    if (json.is_number_float()) {  // 5.0 is a whole number to protobuf
      const double number = json.get<double>();
      const auto whole = number > -2e9 && number < 2e9 ? static_cast<std::int64_t>(number) : 0;
      if (static_cast<double>(whole) == number) return whole;
    }
    if (json.is_string()) {
      const Json wrapped = {{"n", json}};
      if (const auto number = integer_in(wrapped, "n")) return *number;
    }
    invalid(path, "TYPE_INT32", json);
    return 0;
  }

  void invalid(const std::string& path, const std::string& type, const Json& value) {
    violations_.push_back(
        {path, "Invalid value at '" + path + "' (" + type + "), " + to_text(value)});
  }

  std::vector<FieldViolation> violations_;
};

}  // namespace

ReadBody read_body(std::string_view text, std::string_view type) {
  const auto parsed = parse_json(text.empty() ? "{}" : text);
  if (!parsed) {
    const std::string excerpt(text.substr(0, 60));
    return {
        Json(),
        bad_fields({{"", "Invalid JSON payload received. Unexpected token.\n" + excerpt + "\n^"}})};
  }
  if (!parsed->is_object()) {
    return {Json(),
            bad_fields({{"", "Invalid JSON payload received. Root element must be a message."}})};
  }
  Reader reader;
  ReadBody body{reader.message(*parsed, std::string(type), ""), std::nullopt};
  if (!reader.violations().empty()) body.error = bad_fields(reader.violations());
  return body;
}

}  // namespace gembal::sandbox
