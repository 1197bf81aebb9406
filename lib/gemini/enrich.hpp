#pragma once

#include "lib/core/json.hpp"
#include "lib/gemini/called_model.hpp"
#include "lib/gemini/extras.hpp"

namespace gembal::gemini {

/// How a request for content came.
enum class Origin {
  native,      ///< in the Gemini API's own words: changed no more than the operator asked for
  translated,  ///< from another API, which cannot ask for all that Gemini has
};

/// Whether enrich() may change a native request for this model. Costs nothing: what need not be
/// changed need not be parsed.
bool enriches_native(const CalledModel& called, const RequestExtras& extras);

/// What enrich() has added to a request without the client's asking: who did not ask for a tool
/// does not know what it leaves in the answer, and is better shown it as text (shown_text.hpp).
struct Additions {
  bool search = false;
  bool code_execution = false;
};

/// Adds to a generateContent request what the model's name asks for and what the operator wants of
/// every request. What the client has set stays, and a tool is left out where the API, or the
/// request's other members, exclude it. `called.model` is the model that is asked.
Additions enrich(Json& request, const CalledModel& called, const RequestExtras& extras,
                 Origin origin);

/// Puts the model that is asked in place of the one that was called where a body names it, as
/// batches of embeddings and countTokens do.
void rename_model(Json& body, const CalledModel& called);

}  // namespace gembal::gemini
