#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json_object.hpp"
#include "lib/gemini/model_traits.hpp"

namespace gembal::gemini {

/// Accepted in place of a signature that the client did not keep.
inline constexpr const char* kUnsigned = "skip_thought_signature_validator";

/// A conversation in Gemini's form.
struct Conversation {
  Json contents = empty_array();
  Json system_parts = empty_array();  ///< empty: no systemInstruction

  /// Puts both into a generateContent request. A model that takes no system instruction gets it in
  /// the first turn.
  void put_into(Json& request, const ModelTraits& traits) &&;
};

/// The signature that was kept for a call, by its id; "" when there is none.
using SignatureOf = std::function<std::string(std::string_view call_id)>;

/// Builds a conversation turn by turn: equal neighbours are merged, each function call gets its
/// result, in the order of the calls, and calls are signed as the model wants them.
class ConversationBuilder {
 public:
  /// `signature_of` may be empty.
  ConversationBuilder(const ModelTraits& traits, SignatureOf signature_of);

  void system(Json parts);
  void user(Json parts);  ///< no parts: an empty turn, told by a space, as upstream refuses it

  /// Parts of the model; functionCall parts (`{"functionCall":{"name","args","id"}}`) await
  /// results. No parts: nothing.
  void model(Json parts);

  /// The result of a call, found by its id, or, without one, by its name. `response` must be an
  /// object; `media`: parts that belong to it. A result that no call awaits becomes a user's text.
  void result(std::string_view id, std::string_view name, Json response, Json media,
              std::string_view text);

  Conversation finish() &&;

 private:
  struct Call {
    std::string id;
    std::string name;
    Json response;  ///< null: not answered yet
    Json media{};   ///< null: none
  };

  void append(const char* role, Json parts, bool may_merge);
  void sign(Json& part, bool is_first);
  void answer_calls();

  const ModelTraits traits_;
  const SignatureOf signature_of_;
  Conversation conversation_;
  std::vector<Call> open_calls_;
  bool last_may_merge_ = false;
};

/// The object that `text` is, or an object with the text as its one member: all that Gemini takes
/// as arguments and results.
Json as_object(std::string_view text, const char* member);

}  // namespace gembal::gemini
