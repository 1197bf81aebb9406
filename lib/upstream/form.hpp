#pragma once

namespace gembal::upstream {

/// What the reply of a call looks like, and so how it is looked at before its first byte is passed
/// on.
enum class Form {
  unary,   ///< one generateContent reply: empty ones are broken
  sse,     ///< generateContent events: held until the first with content
  array,   ///< the same as one JSON array
  opaque,  ///< anything else: only the status is looked at
};

}  // namespace gembal::upstream
