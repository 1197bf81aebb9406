#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gembal::upstream {

/// What must be known of a request's body before a key is taken for it.
struct RequestFacts {
  std::uint64_t conversation = 0;  ///< a hash of its model, system instruction and first turn; 0:
                                   ///< it is no conversation
  bool continues = false;          ///< it has more turns than the first
  std::uint32_t tokens = 0;        ///< of input: a guess from the text's length
  std::vector<std::string> objects{};  ///< names of what it quotes: "files/x", "cachedContents/x"
};

/// Looks at a Gemini request (generateContent and its kin, interactions), in either way of writing
/// its fields, or at an OpenAI chat, without building a tree. Pure. Anything may be handed in: what
/// cannot be read has no facts.
RequestFacts look_at_request(const std::string& body, std::string_view model);

}  // namespace gembal::upstream
