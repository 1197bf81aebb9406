#pragma once

#include <string_view>
#include <variant>

#include "daemon/sandbox/errors.hpp"
#include "daemon/sandbox/models.hpp"

namespace gembal::sandbox {

/// A vector for `text`, the same one each time; texts that share words are near each other. Its
/// length is 1, except that gemini-embedding-001 cuts its 3072 numbers to `dimensions` without
/// scaling, as over there.
Json embedding_of(const Model& model, std::string_view text, int dimensions, std::uint64_t seed);

/// The reply to embedContent or batchEmbedContents (bodies from read_body()), and what it costs.
struct EmbedResult {
  Json body;
  int texts = 0;
  std::int64_t tokens = 0;
};
std::variant<EmbedResult, ApiError> embed_one(const Model& model, const Json& body,
                                              std::uint64_t seed);
std::variant<EmbedResult, ApiError> embed_batch(const Model& model, const Json& body,
                                                std::uint64_t seed);

}  // namespace gembal::sandbox
