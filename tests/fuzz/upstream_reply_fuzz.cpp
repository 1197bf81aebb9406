// What is read out of an upstream reply before it is passed on: whether it may be, its verdict, its
// error's words, its usage.

#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/usage.hpp"
#include "lib/upstream/hold.hpp"
#include "lib/upstream/verdict.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

using upstream::Form;
using upstream::Hold;

/// Whether the reply would be passed on when it came in these pieces and then ended.
bool passes(const std::vector<std::string_view>& pieces, Form form) {
  Hold hold(form);
  std::string given;
  for (const auto piece : pieces) {
    given += piece;
    const auto state = hold.add(piece);
    promise(hold.bytes() == given, "nothing that is held is lost");
    if (state != Hold::State::holding) return state == Hold::State::pass;
  }
  return hold.good_at_end();
}

}  // namespace

void fuzz_one(std::string_view input) {
  for (const auto form : {Form::unary, Form::sse, Form::array}) {
    const bool whole = passes({input}, form);
    if (input.size() < 60'000)  // beyond, where the limit falls depends on the cut
      promise(passes(pieces_of(input, 1), form) == whole, "the same judgement in any cut");
  }
  for (const int status : {400, 401, 403, 404, 429, 500, 503})
    upstream::judge_error(status, input, upstream::Subject::model, TimePoint{});
  upstream::look_at_event(input);
  upstream::judge_reply(input);
  const auto words = gemini::message_of(input);
  promise(!words.empty(), "an error says something");
  const auto body = parse_json(gemini::error_body(400, words));
  promise(body && find(*body, "error"), "an error's body is JSON, whatever it says");
  gemini::last_usage(input);
}

}  // namespace gembal
