// Requests for embeddings, and upstream's vectors.

#include "lib/openai/embeddings.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

bool lies_in(std::string_view whole, std::string_view part) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check_request(std::string_view input) {
  const auto call = openai::read_embeddings(input, "gemini-embedding-001");
  if (!call) {
    promise(call.error().kind == ErrorKind::bad_request, "what is wrong is the caller's fault");
    promise(!call.error().message.empty(), "a refusal says why");
    return;
  }
  promise(!call->inputs.empty(), "there is something to embed");
  for (const auto& one : call->inputs) {
    promise(lies_in(input, one.json) && one.bytes > 0, "a text stands in the request");
    const auto text = parse_json(one.json);
    promise(text && text->is_string(), "a text is one", one.json);
  }
  const auto count = std::min(call->inputs.size(), openai::kMaxBatch);
  const auto batch = parse_json(openai::batch_request(*call, 0, count));
  const Json* requests = batch ? find(*batch, "requests") : nullptr;
  promise(requests && requests->size() == count, "a batch has a request for each text");
  openai::Vectors vectors;
  vectors.count = call->inputs.size();
  for (std::size_t i = 0; i < vectors.count; ++i)
    vectors.numbers.insert(vectors.numbers.end(), {0.6f, 0.8f});
  const auto reply = openai::embeddings_begin() + openai::embeddings_entries(*call, vectors, 0) +
                     openai::embeddings_end(*call, 1);
  const auto json = parse_json(reply);
  promise(json && find(*json, "data") && find(*json, "data")->size() == vectors.count,
          "a reply has an entry for each text", reply);
}

}  // namespace

void fuzz_one(std::string_view input) {
  // Texts are pointed at with 32 bits, and a list of them is bounded by the body's size.
  check_request(input);
  if (const auto vectors = openai::read_vectors(input); !vectors) {
    promise(vectors.error().kind == ErrorKind::upstream, "such a reply is upstream's fault");
  } else {
    promise(vectors->count > 0 && vectors->numbers.size() % vectors->count == 0,
            "all vectors are of one size");
  }
}

}  // namespace gembal
