#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/core/result.hpp"
#include "lib/gemini/reply.hpp"

namespace gembal::cmd {

/// A picture or sound in an answer.
struct AnswerFile {
  std::string mime_type;
  std::string base64;
};

/// An answer as far as it has come.
class ChatAnswer {
 public:
  /// What a reply, or an event, adds.
  struct Share {
    std::string text;  ///< for people to read: code that the model ran, as blocks, in it
    std::string thoughts;
  };

  /// Errors: upstream (it cannot be read, or is an error).
  Result<Share> take(const std::string& json);

  std::string text;
  std::string model;  ///< that answered; "" while nobody said
  std::string finish_reason;
  std::string refusal;  ///< why the prompt was blocked; "" when it was not
  gemini::Usage usage;
  std::vector<AnswerFile> files;

  /// The model's turn, to be sent along with the next question: parts as they came, with their
  /// signatures.
  Json turn() const;
  /// `{"prompt_tokens", "completion_tokens", "reasoning_tokens", "total_tokens"}`
  Json usage_json() const;
  /// `[{"title", "url"}]`, each once.
  const Json& sources() const { return sources_; }

  /// What the way in which it ended means. Errors: refused, upstream (it broke off).
  Result<void> judge() const;

 private:
  void keep_part(const Json& part);

  Json parts_ = Json::array();
  Json sources_ = Json::array();
};

}  // namespace gembal::cmd
