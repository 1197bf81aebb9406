#include "lib/openai/embeddings.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::openai {
namespace {

constexpr std::size_t kMostInputs = 2048;  // OpenAI's own limit

Error bad(std::string message) { return {ErrorKind::bad_request, std::move(message), ""}; }

/// Vectors shorter than the model's own are not of unit length, which OpenAI's clients rely on.
void normalise(std::vector<float>& vector) {
  double sum = 0;
  for (const float value : vector) sum += static_cast<double>(value) * value;
  if (sum <= 0) return;
  const double length = std::sqrt(sum);
  if (std::abs(length - 1) < 1e-3) return;
  for (float& value : vector) value = static_cast<float>(value / length);
}

std::string as_base64(const std::vector<float>& vector) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(vector.size() * sizeof(float), '\0');
  if (!vector.empty()) std::memcpy(bytes.data(), vector.data(), bytes.size());
  return base64_encode(bytes);
}

// Written by hand because a JSON tree of a hundred vectors of 3072 numbers costs more than
// everything else in the request.
void append_numbers(std::string& out, const std::vector<float>& vector) {
  out += '[';
  char digits[32];
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (i > 0) out += ',';
    const float value = std::isfinite(vector[i]) ? vector[i] : 0.0f;
    const auto [end, failure] = std::to_chars(digits, digits + sizeof digits, value);
    out.append(digits, end);
  }
  out += ']';
}

}  // namespace

Result<EmbeddingsCall> read_embeddings(std::string_view json) {
  const auto parsed = parse_json(json);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return bad("the request body must be a JSON object");
  EmbeddingsCall call;
  call.model = gemini::bare_model(string_in(*parsed, "model"));
  if (!gemini::is_valid_model(call.model)) return bad("'model' must name an embedding model");

  const Json* input = find(*parsed, "input");
  if (!input) return bad("'input' is missing");
  const auto take = [&call](const Json& text) {
    if (!text.is_string() || text.get_ref<const std::string&>().empty()) return false;
    call.inputs.push_back(text.get<std::string>());
    return true;
  };
  if (input->is_array()) {
    if (input->empty()) return bad("'input' must not be empty");
    if (input->size() > kMostInputs) return bad("'input' may have at most 2048 texts");
    for (const auto& text : *input) {
      if (text.is_number() || text.is_array())
        return bad("'input' must be text: arrays of tokens are not supported");
      if (!take(text)) return bad("'input' must be a non-empty text or an array of them");
    }
  } else if (!take(*input)) {
    return bad("'input' must be a non-empty text or an array of them");
  }

  if (const Json* dimensions = find(*parsed, "dimensions"); dimensions && !dimensions->is_null()) {
    const auto number = integer_in(*parsed, "dimensions");
    if (!number || *number < 1 || *number > 100'000)
      return bad("'dimensions' must be a positive number");
    call.dimensions = static_cast<int>(*number);
  }
  const auto format = string_in(*parsed, "encoding_format");
  if (!format.empty() && format != "float" && format != "base64")
    return bad("'encoding_format' must be 'float' or 'base64'");
  call.base64 = format == "base64";
  return call;
}

std::string batch_request(const EmbeddingsCall& call, std::size_t first, std::size_t count) {
  Json requests = Json::array();
  for (std::size_t i = first; i < first + count; ++i) {
    Json request = {{"model", "models/" + call.model},
                    {"content", {{"parts", Json::array({{{"text", call.inputs[i]}}})}}}};
    if (call.dimensions) request["outputDimensionality"] = *call.dimensions;
    requests.push_back(std::move(request));
  }
  return to_text({{"requests", std::move(requests)}});
}

Result<Vectors> read_vectors(std::string_view body) {
  const Error unreadable{ErrorKind::upstream, "the upstream's embeddings cannot be read", ""};
  const auto parsed = parse_json(body);
  const Json* embeddings = parsed ? find(*parsed, "embeddings") : nullptr;
  if (!embeddings || !embeddings->is_array()) return unreadable;
  Vectors read;
  for (const auto& embedding : *embeddings) {
    const Json* values = find(embedding, "values");
    if (!values || !values->is_array()) return unreadable;
    std::vector<float> vector;
    vector.reserve(values->size());
    for (const auto& value : *values) {
      if (!value.is_number()) return unreadable;
      vector.push_back(value.get<float>());
    }
    normalise(vector);
    read.vectors.push_back(std::move(vector));
  }
  if (const Json* usage = find(*parsed, "usageMetadata"))
    read.prompt_tokens = integer_in(*usage, "promptTokenCount").value_or(0);
  return read;
}

std::string embeddings_reply(const EmbeddingsCall& call,
                             const std::vector<std::vector<float>>& vectors,
                             std::int64_t prompt_tokens) {
  if (prompt_tokens == 0) {
    for (const auto& input : call.inputs)
      prompt_tokens += static_cast<std::int64_t>(input.size() / 4 + 1);
  }
  std::string out = R"({"object":"list","data":[)";
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    if (i > 0) out += ',';
    out += R"({"object":"embedding","index":)" + std::to_string(i) + R"(,"embedding":)";
    if (call.base64) {
      out.append("\"").append(as_base64(vectors[i])).append("\"");
    } else {
      append_numbers(out, vectors[i]);
    }
    out += '}';
  }
  const auto tokens = std::to_string(prompt_tokens);
  out += R"(],"model":)" + to_text(call.model) + R"(,"usage":{"prompt_tokens":)" + tokens +
         R"(,"total_tokens":)" + tokens + "}}";
  return out;
}

}  // namespace gembal::openai
