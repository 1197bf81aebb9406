#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/rendering.hpp"
#include "lib/openai/chat_rendering.hpp"

// OpenAI's first API, which code editors and older tools still speak: a text in, its continuation
// out.
namespace gembal::openai {

/// A completion request, translated.
struct CompletionCall {
  std::string model;  ///< bare id, safe in a URL
  bool stream = false;
  bool include_usage = false;        ///< of a stream: a last chunk with the usage
  bool echo = false;                 ///< the text begins with its prompt
  std::vector<std::string> prompts;  ///< at least one, none empty
  std::size_t choices_per_prompt = 1;
  std::string suffix;  ///< what follows the gap to be filled; "" for none
  Json body;           ///< the generateContent request, but for what put_prompt() adds

  /// Calls to make, one for each choice: those of the first prompt come first.
  std::size_t calls() const { return prompts.size() * choices_per_prompt; }
  const std::string& prompt_of(std::size_t call) const {
    return prompts[call / choices_per_prompt];
  }
};

/// Translates a request. Unknown members are passed over; logprobs and best_of, which Gemini has
/// nothing for, too. `model`: translated for that one in place of the request's own; "" for none.
/// Errors: bad_request, naming the parameter.
Result<CompletionCall> translate_completion(const Json& request, std::string_view model = {});

/// Adds the prompt of one of the calls to a request.
void put_prompt(const CompletionCall& completion, std::size_t call, Json& body);

/// Tells answers as a text_completion, or as chunks of one. Thoughts and calls of functions have no
/// place in it.
class CompletionRendering final : public gemini::Rendering {
 public:
  /// `completion` must outlive it.
  CompletionRendering(ReplyIdentity identity, const CompletionCall& completion);

  Result<std::string> whole(std::vector<gemini::Reply> replies) override;
  std::string push(gemini::Reply event, std::size_t call) override;
  bool finished() const override;
  std::string finish() override;
  std::string fail(int status, const Error& error) override;

 private:
  void count(const gemini::Reply& reply, std::size_t call);
  std::string usage() const;
  void append_chunk(std::string& out, std::size_t index, const std::string& text,
                    const std::string& finish_reason) const;

  const ReplyIdentity identity_;
  const CompletionCall& completion_;
  std::string opening_;                         ///< of each chunk, up to its choices
  std::map<std::size_t, std::string> reasons_;  ///< by call that began; "" until it ends
  std::map<std::size_t, gemini::Usage> usage_;  ///< by call
};

}  // namespace gembal::openai
