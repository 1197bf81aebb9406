#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

// A list of a hundred thousand texts has a billion bytes of numbers for an answer. So neither side
// is ever a tree: texts stay where they are in the client's JSON, numbers are packed, and the reply
// is written in pieces.
namespace gembal::openai {

/// How many texts one upstream request takes.
inline constexpr std::size_t kMaxBatch = 100;

/// One text of a request, where it stands in the client's JSON.
struct EmbeddingInput {
  std::string_view json;    ///< with its quotes and escapes
  std::uint32_t bytes = 0;  ///< of the text itself
};

/// A request for embeddings.
struct EmbeddingsCall {
  std::string model;         ///< as the client named it, without a prefix
  std::string gemini_model;  ///< the id that is asked
  bool base64 = false;  ///< vectors as base64 of little-endian 32-bit floats: what the official
                        ///< SDKs ask for
  std::optional<int> dimensions;
  std::string task_type;               ///< in Gemini's words, "RETRIEVAL_QUERY"; "": not told
  std::vector<EmbeddingInput> inputs;  ///< at least one, none empty
};

/// Reads a request. `embedding_model` answers for the names of OpenAI's own models, with as many
/// numbers as those have; with "" nothing does. The call's inputs are views of `json`, which must
/// stay. Errors: bad_request, naming the parameter.
Result<EmbeddingsCall> read_embeddings(std::string_view json, std::string_view embedding_model);

/// The batchEmbedContents request for `count` inputs from `first` on.
std::string batch_request(const EmbeddingsCall& call, std::size_t first, std::size_t count);

/// How many tokens those inputs may have.
std::int64_t estimated_tokens(const EmbeddingsCall& call, std::size_t first, std::size_t count);

/// What a batchEmbedContents reply holds: vectors of unit length and of one size.
struct Vectors {
  std::vector<float> numbers;  ///< one vector after the other
  std::size_t count = 0;
  std::int64_t prompt_tokens = 0;  ///< 0 when upstream did not say

  std::size_t bytes() const { return numbers.size() * sizeof(float); }
};

/// Errors: upstream (not a reply of that kind).
Result<Vectors> read_vectors(std::string_view body);

/// A vector as a JSON array, behind what `out` has: each number with as few digits as tell it from
/// its neighbours. What is not finite becomes 0.
void append_numbers(std::string& out, const float* vector, std::size_t size);

/// The reply to the client, in pieces: its beginning, the entries of each batch in their order, its
/// end. `first`: the index of the batch's first vector.
std::string embeddings_begin();
std::string embeddings_entries(const EmbeddingsCall& call, const Vectors& vectors,
                               std::size_t first);
std::string embeddings_end(const EmbeddingsCall& call, std::int64_t prompt_tokens);

}  // namespace gembal::openai
