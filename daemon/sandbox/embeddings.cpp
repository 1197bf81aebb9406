#include "daemon/sandbox/embeddings.hpp"

#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "daemon/sandbox/ask.hpp"
#include "daemon/sandbox/dice.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

constexpr int kDimensions = 3072;
constexpr std::size_t kLargestBatch = 100;

std::vector<double> unit_length(std::vector<double> vector) {
  double sum = 0;
  for (const double x : vector) sum += x * x;
  const double length = std::sqrt(sum);
  for (double& x : vector) x /= length;
  return vector;
}

void add_direction(std::vector<double>& vector, std::uint64_t seed, std::string_view text,
                   double weight) {
  Dice dice(seed, text);
  for (double& x : vector) x += weight * dice.signed_unit();
}

/// With the digits of a 32-bit float, as the API writes them.
double as_float(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(number)).ptr;
  double shortest = 0;
  std::from_chars(buffer, end, shortest);
  return shortest;
}

std::string text_of(const Json& request) {
  std::string text;
  const Json* content = find(request, "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  if (!parts) return text;
  for (const auto& part : *parts) {
    text += string_in(part, "text");
    if (const Json* blob = find(part, "inlineData")) text += to_text(*blob);
  }
  return text;
}

std::variant<EmbedResult, ApiError> embed(const Model& model, const Json& request,
                                          const std::string& at, std::uint64_t seed) {
  const std::string text = text_of(request);
  if (text.empty()) return invalid_argument("* " + at + "content: content is not specified\n");
  const auto dimensions = integer_in(request, "outputDimensionality").value_or(kDimensions);
  if (dimensions < 1 || dimensions > kDimensions) {
    return invalid_argument(
        "* " + at + "output_dimensionality: output_dimensionality must be between 1 and 3072.\n");
  }
  const std::string salted = std::string(string_in(request, "taskType")) + '\n' + text;
  return EmbedResult{{{"values", embedding_of(model, salted, static_cast<int>(dimensions), seed)}},
                     1,
                     count_tokens(text)};
}

}  // namespace

Json embedding_of(const Model& model, std::string_view text, int dimensions, std::uint64_t seed) {
  std::vector<double> vector(kDimensions);
  add_direction(vector, seed, text,
                0.5);  // texts with the same words in another order differ a little
  std::string word;
  int words = 0;
  for (const char c : std::string(text) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80)) {
      word += c;
    } else if (!word.empty() && words < 512) {
      add_direction(vector, seed, lower(word), 1);
      word.clear();
      ++words;
    }
  }
  vector = unit_length(std::move(vector));
  vector.resize(static_cast<std::size_t>(dimensions));
  if (std::string_view(model.id) != "gemini-embedding-001") vector = unit_length(std::move(vector));
  Json values = Json::array();
  for (const double x : vector) values.push_back(as_float(x));
  return values;
}

std::variant<EmbedResult, ApiError> embed_one(const Model& model, const Json& body,
                                              std::uint64_t seed) {
  auto result = embed(model, body, "EmbedContentRequest.", seed);
  if (auto* good = std::get_if<EmbedResult>(&result))
    good->body = {{"embedding", std::move(good->body)}};
  return result;
}

std::variant<EmbedResult, ApiError> embed_batch(const Model& model, const Json& body,
                                                std::uint64_t seed) {
  const std::string at = "BatchEmbedContentsRequest.requests";
  const Json* requests = find(body, "requests");
  if (!requests || requests->empty())
    return invalid_argument("* " + at + ": requests is not specified\n");
  if (requests->size() > kLargestBatch) {
    return invalid_argument("* " + at + ": at most 100 requests can be in one batch\n");
  }
  EmbedResult all{{{"embeddings", Json::array()}}, 0, 0};
  for (std::size_t i = 0; i < requests->size(); ++i) {
    const Json& request = (*requests)[i];
    const std::string here = at + "[" + std::to_string(i) + "].";
    const auto named = string_in(request, "model");
    if (!named.starts_with("models/"))
      return invalid_argument("* " + here + "model: unexpected model name format\n");
    if (named.substr(7) != model.id) {
      return invalid_argument("* " + here +
                              "model: model must match the model of the batch, models/" + model.id +
                              "\n");
    }
    auto one = embed(model, request, here, seed);
    if (auto* error = std::get_if<ApiError>(&one)) return *error;
    auto& good = std::get<EmbedResult>(one);
    all.body["embeddings"].push_back(std::move(good.body));
    all.tokens += good.tokens;
    ++all.texts;
  }
  return all;
}

}  // namespace gembal::sandbox
