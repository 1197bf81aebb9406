#include "lib/openai/embeddings.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::openai {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kMostInputs = 1'000'000;
constexpr std::string_view kNotText =
    "'input' must be a text or a list of texts, and none of them empty";

Error bad(std::string_view param, std::string_view message, std::string_view hint = {}) {
  Error error{ErrorKind::bad_request, std::string(message), std::string(hint)};
  error.param = param;
  return error;
}

// Clients have these names in their code, and the sizes of their vectors in their tables.
struct OpenaiModel {
  std::string_view name;
  int dimensions;
};
constexpr std::array<OpenaiModel, 3> kOpenaiModels = {{{"text-embedding-3-small", 1536},
                                                       {"text-embedding-3-large", 3072},
                                                       {"text-embedding-ada-002", 1536}}};

Error token_ids() {
  return bad("input", "'input' must be text: arrays of token ids cannot be turned back into text",
             "send the texts themselves; with LangChain, check_embedding_ctx_length=False does");
}

/// Reads a request with simdjson, whose errors end it; what it thinks wrong of the request itself
/// is in `error`.
class Reader {
 public:
  explicit Reader(std::string_view json) : json_(json), padded_(json) {}

  bool read() {
    od::document document;
    od::object object;
    if (parser_.iterate(padded_).get(document) != simdjson::SUCCESS) return false;
    if (document.get_object().get(object) != simdjson::SUCCESS) return false;
    for (auto field : object) {
      std::string_view key;
      od::value value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
      if (field.value().get(value) != simdjson::SUCCESS) return false;
      if (!take(key, value)) return false;
    }
    const char* rest = nullptr;
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;  // nothing follows
  }

  EmbeddingsCall call;
  std::optional<Error> error;
  bool has_input = false;

 private:
  bool take(std::string_view key, od::value& value) {
    if (key == "input") return take_input(value);
    if (key == "model") {
      std::string_view text;
      if (value.get_string().get(text) == simdjson::SUCCESS) call.model = text;
    } else if (key == "dimensions" && !is_null(value)) {
      std::int64_t number = 0;
      if (value.get_int64().get(number) != simdjson::SUCCESS || number < 1 || number > 100'000) {
        error = bad("dimensions", "'dimensions' must be a positive whole number");
      } else {
        call.dimensions = static_cast<int>(number);
      }
    } else if (key == "encoding_format" && !is_null(value)) {
      std::string_view text;
      const bool is_text = value.get_string().get(text) == simdjson::SUCCESS;
      if (!is_text || (text != "float" && text != "base64"))
        error = bad("encoding_format", "'encoding_format' must be 'float' or 'base64'");
      call.base64 = text == "base64";
    }
    return true;
  }

  static bool is_null(od::value& value) {
    od::json_type type{};
    return value.type().get(type) == simdjson::SUCCESS && type == od::json_type::null;
  }

  bool take_input(od::value& value) {
    od::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    has_input = type != od::json_type::null;
    call.inputs.clear();
    if (type == od::json_type::string) return take_text(value, "");
    if (type != od::json_type::array) {
      error = bad("input", kNotText);
      return true;
    }
    od::array texts;
    if (value.get_array().get(texts) != simdjson::SUCCESS) return false;
    for (auto element : texts) {
      od::value text;
      if (element.get(text) != simdjson::SUCCESS || !take_element(text)) return false;
    }
    if (call.inputs.empty() && !error) error = bad("input", "'input' must not be empty");
    return true;
  }

  bool take_element(od::value& element) {
    if (error) return true;
    od::json_type type{};
    if (element.type().get(type) != simdjson::SUCCESS) return false;
    if (type == od::json_type::number || type == od::json_type::array) {
      error = token_ids();
      return true;
    }
    if (call.inputs.size() == kMostInputs) {
      error = bad("input", "'input' may have at most " + std::to_string(kMostInputs) + " texts",
                  "send it in several requests");
      return true;
    }
    const auto place = " at index " + std::to_string(call.inputs.size());
    if (type == od::json_type::string) return take_text(element, place);
    error = bad("input", std::string(kNotText) + ": see the one" + place);
    return true;
  }

  bool take_text(od::value& value, std::string_view place) {
    const auto token = trim(value.raw_json_token());
    std::string_view text;
    // This is what finds wrong escapes.
    if (value.get_string().get(text) != simdjson::SUCCESS) return false;
    if (text.empty()) {
      error = bad("input", place.empty() ? std::string(kNotText)
                                         : "'input' has an empty text" + std::string(place));
      return true;
    }
    const auto offset = static_cast<std::size_t>(token.data() - padded_.data());
    call.inputs.push_back(
        {json_.substr(offset, token.size()), static_cast<std::uint32_t>(text.size())});
    return true;
  }

  std::string_view json_;
  simdjson::padded_string padded_;  ///< simdjson reads a little past the end
  od::parser parser_;
};

/// Vectors shorter than the model's own are not of unit length, which OpenAI's clients rely on.
void normalise(float* vector, std::size_t size) {
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += static_cast<double>(vector[i]) * vector[i];
  if (!(sum > 0)) return;
  const double length = std::sqrt(sum);
  if (std::abs(length - 1) < 1e-3) return;
  for (std::size_t i = 0; i < size; ++i) vector[i] = static_cast<float>(vector[i] / length);
}

bool read_numbers(od::value& entry, std::vector<float>& numbers) {
  od::array values;
  if (entry["values"].get_array().get(values) != simdjson::SUCCESS) return false;
  for (auto value : values) {
    double number = 0;
    if (value.get_double().get(number) != simdjson::SUCCESS) return false;
    numbers.push_back(static_cast<float>(number));
  }
  return true;
}

bool read_embeddings_list(od::value& list, Vectors& read) {
  od::array entries;
  if (list.get_array().get(entries) != simdjson::SUCCESS) return false;
  std::size_t size = 0;
  for (auto entry : entries) {
    od::value value;
    const auto start = read.numbers.size();
    if (entry.get(value) != simdjson::SUCCESS || !read_numbers(value, read.numbers)) return false;
    const auto numbers = read.numbers.size() - start;
    if (numbers == 0 || (size != 0 && numbers != size)) return false;
    if (size == 0) read.numbers.reserve(numbers * kMaxBatch);
    size = numbers;
    normalise(read.numbers.data() + start, size);
    ++read.count;
  }
  return true;
}

bool read_reply(std::string_view body, Vectors& read) {
  const simdjson::padded_string padded(body);
  od::parser parser;
  od::document document;
  od::object object;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return false;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  bool has_embeddings = false;
  for (auto field : object) {
    std::string_view key;
    od::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    if (field.value().get(value) != simdjson::SUCCESS) return false;
    if (key == "embeddings") {
      if (!read_embeddings_list(value, read)) return false;
      has_embeddings = true;
    } else if (key == "usageMetadata") {
      std::int64_t tokens = 0;
      if (value["promptTokenCount"].get_int64().get(tokens) == simdjson::SUCCESS)
        read.prompt_tokens = tokens;
    }
  }
  return has_embeddings;
}

void append_bytes(std::string& out, const float* vector, std::size_t size) {
  static_assert(std::endian::native == std::endian::little);
  out += '"';
  out += base64_encode({reinterpret_cast<const char*>(vector), size * sizeof(float)});
  out += '"';
}

}  // namespace

// Written by hand because a JSON tree of a hundred vectors of 3072 numbers costs more than
// everything else in the request.
void append_numbers(std::string& out, const float* vector, std::size_t size) {
  constexpr std::size_t kLongest = 16;  // "-1.1754944e-38," has 15
  const auto start = out.size();
  out.resize(start + size * kLongest + 2);
  char* at = out.data() + start;
  char* const end = out.data() + out.size();
  *at++ = '[';
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) *at++ = ',';
    const float value = std::isfinite(vector[i]) ? vector[i] : 0.0f;
    at = std::to_chars(at, end, value).ptr;
  }
  *at++ = ']';
  out.resize(static_cast<std::size_t>(at - out.data()));
}

Result<EmbeddingsCall> read_embeddings(std::string_view json, std::string_view embedding_model) {
  Reader reader(json);
  if (!reader.read()) {
    auto parsed = parse_json(json);  // says where
    if (!parsed) return std::move(parsed).error();
    return bad("", "the request body must be a JSON object");
  }
  if (reader.error) return *std::move(reader.error);
  auto& call = reader.call;
  std::string_view model = call.model;
  if (model.starts_with("openai/")) model.remove_prefix(7);
  call.model = gemini::bare_model(model);
  if (!gemini::is_valid_model(call.model))
    return bad("model", "'model' must name an embedding model");
  if (!reader.has_input) return bad("input", "'input' is missing");
  call.gemini_model = call.model;
  const auto* own = std::find_if(kOpenaiModels.begin(), kOpenaiModels.end(),
                                 [&call](const auto& one) { return one.name == call.model; });
  const auto ours = gemini::bare_model(embedding_model);
  if (own != kOpenaiModels.end() && gemini::is_valid_model(ours)) {
    call.gemini_model = ours;
    if (!call.dimensions) call.dimensions = own->dimensions;
  }
  return std::move(call);
}

std::string batch_request(const EmbeddingsCall& call, std::size_t first, std::size_t count) {
  const std::string before =
      R"({"model":"models/)" + call.gemini_model + R"(","content":{"parts":[{"text":)";
  std::string after = "}]}";
  if (call.dimensions) after += ",\"outputDimensionality\":" + std::to_string(*call.dimensions);
  if (!call.task_type.empty()) after += ",\"taskType\":\"" + call.task_type + '"';
  after += '}';
  std::size_t bytes = 16;
  for (std::size_t i = first; i < first + count; ++i)
    bytes += before.size() + call.inputs[i].json.size() + after.size() + 1;
  std::string out;
  out.reserve(bytes);
  out += R"({"requests":[)";
  for (std::size_t i = first; i < first + count; ++i) {
    if (i > first) out += ',';
    out.append(before).append(call.inputs[i].json).append(after);
  }
  out += "]}";
  return out;
}

std::int64_t estimated_tokens(const EmbeddingsCall& call, std::size_t first, std::size_t count) {
  std::int64_t tokens = 0;
  for (std::size_t i = first; i < first + count; ++i) tokens += call.inputs[i].bytes / 4 + 1;
  return tokens;
}

Result<Vectors> read_vectors(std::string_view body) {
  Vectors read;
  if (read_reply(body, read)) return read;
  return Error{ErrorKind::upstream, "the upstream's embeddings cannot be read", ""};
}

std::string embeddings_begin() { return R"({"object":"list","data":[)"; }

std::string embeddings_entries(const EmbeddingsCall& call, const Vectors& vectors,
                               std::size_t first) {
  const std::size_t size = vectors.count == 0 ? 0 : vectors.numbers.size() / vectors.count;
  std::string out;
  out.reserve(vectors.count * (64 + size * (call.base64 ? 6 : 13)));
  for (std::size_t i = 0; i < vectors.count; ++i) {
    if (first + i > 0) out += ',';
    out += R"({"object":"embedding","index":)" + std::to_string(first + i) + R"(,"embedding":)";
    const float* vector = vectors.numbers.data() + i * size;
    if (call.base64) {
      append_bytes(out, vector, size);
    } else {
      append_numbers(out, vector, size);
    }
    out += '}';
  }
  return out;
}

std::string embeddings_end(const EmbeddingsCall& call, std::int64_t prompt_tokens) {
  const auto tokens = std::to_string(prompt_tokens);
  return R"(],"model":)" + to_text(call.model) + R"(,"usage":{"prompt_tokens":)" + tokens +
         R"(,"total_tokens":)" + tokens + "}}";
}

}  // namespace gembal::openai
