#pragma once

#include <string_view>

#include "lib/keypool/outcome.hpp"

namespace gembal::upstream {

/// What the request was about: some replies mean another thing for an object than for a model.
enum class Subject { model, object };

/// Judges a reply that is not a 2xx, by the reference's errors section. Pure. `body` may be
/// anything: JSON (the error alone or in an array), HTML, nothing. `now` is needed for daily
/// quotas, whose delay runs to Pacific midnight.
keypool::Verdict judge_error(int http_status, std::string_view body, Subject subject,
                             TimePoint now);

/// Whether one whole generateContent reply (2xx) has what a client can use.
enum class Content {
  good,    ///< has a part with content (thoughts count), or lawfully has none: blocked prompt,
           ///< MAX_TOKENS, safety finishes
  broken,  ///< no candidates and no promptFeedback; STOP without content; MALFORMED_FUNCTION_CALL
           ///< and the like without content
};
Content judge_reply(std::string_view body);

/// What one event of a stream adds. Facts add up over the stream: see Holding in the dispatcher.
struct EventFacts {
  bool has_content = false;  ///< a part with content, a promptFeedback, or an error object
  bool has_finish = false;   ///< a finishReason
  bool broken_finish =
      false;              ///< a finishReason that is broken when no content came with or before it
  bool is_error = false;  ///< an error object in place of a reply
};
EventFacts look_at_event(std::string_view json);

/// The same for a chat on Google's OpenAI-compatible surface: a whole completion, and one chunk of
/// a stream. A reply without any choice is a blocked prompt's.
Content judge_completion(std::string_view body);
EventFacts look_at_chunk(std::string_view json);

}  // namespace gembal::upstream
