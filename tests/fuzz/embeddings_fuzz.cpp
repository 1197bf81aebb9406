// Requests for embeddings, and upstream's vectors.

#include "lib/openai/embeddings.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {

void fuzz_one(std::string_view input) {
  if (const auto call = openai::read_embeddings(input)) {
    promise(!call->inputs.empty(), "there is something to embed");
    for (const auto& text : call->inputs) promise(!text.empty(), "no text is empty");
    const auto count = std::min(call->inputs.size(), openai::kMaxBatch);
    const auto batch = parse_json(openai::batch_request(*call, 0, count));
    const Json* requests = batch ? find(*batch, "requests") : nullptr;
    promise(requests && requests->size() == count, "a batch has a request for each text");
    const std::vector<std::vector<float>> vectors(call->inputs.size(), {0.6f, 0.8f});
    promise(parse_json(openai::embeddings_reply(*call, vectors, 0)).has_value(), "a reply is JSON");
  } else {
    promise(call.error().kind == ErrorKind::bad_request, "what is wrong is the caller's fault");
    promise(!call.error().message.empty(), "a refusal says why");
  }
  if (const auto vectors = openai::read_vectors(input); !vectors)
    promise(vectors.error().kind == ErrorKind::upstream, "such a reply is upstream's fault");
}

}  // namespace gembal
