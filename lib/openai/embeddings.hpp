#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace gembal::openai {

/// How many texts one upstream request takes.
inline constexpr std::size_t kMaxBatch = 100;

/// A request for embeddings.
struct EmbeddingsCall {
  std::string model;  ///< bare id
  bool base64 =
      false;  ///< vectors as base64 of little-endian 32-bit floats: what the official SDKs ask for
  std::optional<int> dimensions;
  std::vector<std::string> inputs;  ///< at least one, none empty
};

/// Errors: bad_request, naming the parameter.
Result<EmbeddingsCall> read_embeddings(std::string_view json);

/// The batchEmbedContents request for `count` inputs from `first` on.
std::string batch_request(const EmbeddingsCall& call, std::size_t first, std::size_t count);

/// What a batchEmbedContents reply holds.
struct Vectors {
  std::vector<std::vector<float>> vectors;
  std::int64_t prompt_tokens = 0;  ///< 0 when upstream did not say
};

/// Errors: upstream (not a reply of that kind).
Result<Vectors> read_vectors(std::string_view body);

/// The reply to the client. `prompt_tokens` 0: estimated from the inputs, because clients add it
/// up.
std::string embeddings_reply(const EmbeddingsCall& call,
                             const std::vector<std::vector<float>>& vectors,
                             std::int64_t prompt_tokens);

}  // namespace gembal::openai
