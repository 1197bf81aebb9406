#pragma once

namespace gembal::upstream {

/// What the reply of a call looks like, and so how it is looked at before its first byte is passed
/// on.
enum class Form {
  unary,              ///< one generateContent reply: empty ones are broken
  sse,                ///< generateContent events: held until the first with content
  array,              ///< the same as one JSON array
  completion,         ///< one reply of Google's OpenAI-compatible surface to a chat
  completion_events,  ///< the same as events
  opaque,             ///< anything else: only the status is looked at
};

/// Whether what matters is when the first content comes, not when the reply ends.
inline bool is_stream(Form form) {
  return form == Form::sse || form == Form::array || form == Form::completion_events;
}

}  // namespace gembal::upstream
