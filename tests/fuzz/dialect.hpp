#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/rendering.hpp"
#include "lib/sse/parser.hpp"
#include "tests/fuzz/fuzz.hpp"

/// What the fuzzers of the translated dialects have in common.
namespace gembal {

/// Models of each family, which dialects translate for differently.
inline constexpr const char* kModels[] = {"gemini-2.5-flash", "gemini-3.5-flash", "gemma-4-31b-it"};

/// A generateContent request as upstream takes it, as far as its form goes.
inline void check_request(const Json& body) {
  promise(body.is_object(), "a request is an object");
  promise(is_json(to_text(body)), "a request can be written");
  const Json* contents = find(body, "contents");
  promise(contents && contents->is_array() && !contents->empty(), "there is something to answer");
  std::string_view last;
  for (const auto& content : *contents) {
    const auto role = string_in(content, "role");
    promise(role == "user" || role == "model", "a turn is the user's or the model's");
    const Json* parts = find(content, "parts");
    promise(parts && parts->is_array() && !parts->empty(), "a turn has parts", to_text(body));
    for (const auto& part : *parts)
      promise(part.is_object() && !part.empty(), "a part has something in it", to_text(body));
    last = role;
  }
  promise(!last.empty(), "there is a last turn");
}

inline void check_refusal(const Error& error) {
  promise(error.kind == ErrorKind::bad_request, "what is wrong is the caller's fault");
  promise(!error.message.empty(), "a refusal says why");
}

/// The client's bytes for a stream that arrives in these pieces, ended as the daemon ends it.
inline std::string streamed(gemini::Rendering& rendering,
                            const std::vector<std::string_view>& pieces) {
  sse::Parser events;
  std::string out = rendering.begin();
  for (const auto piece : pieces) {
    events.feed(piece);
    while (const auto event = events.next()) {
      auto reply = gemini::read_reply(event->data);
      if (!reply) return out + rendering.fail(502, reply.error());
      out += rendering.push(*std::move(reply), 0);
    }
  }
  if (rendering.finished()) return out + rendering.finish();
  return out + rendering.fail(502, Error{ErrorKind::upstream, "it broke off", ""});
}

/// The answer as a whole; "" when there is none in it.
inline std::string whole(gemini::Rendering& rendering, std::string_view input) {
  auto reply = gemini::read_reply(input);
  if (!reply) {
    promise(!reply.error().message.empty(), "a failure says why");
    return "";
  }
  std::vector<gemini::Reply> replies;
  replies.push_back(*std::move(reply));
  auto told = rendering.whole(std::move(replies));
  if (!told) {
    promise(told.error().kind == ErrorKind::upstream, "no answer is upstream's fault");
    return "";
  }
  promise(is_json(*told), "an answer is JSON", *told);
  return *std::move(told);
}

/// `make` makes a rendering. Streams the input in several cuts, which must not matter; returns what
/// the client gets.
template <typename Make>
std::string streamed_in_any_cut(const Make& make, std::string_view input) {
  auto first = make();
  auto out = streamed(first, {input});
  for (unsigned turn = 0; turn < turns_for(input); ++turn) {
    auto other = make();
    promise(streamed(other, pieces_of(input, turn)) == out, "the same stream in any cut");
  }
  return out;
}

}  // namespace gembal
