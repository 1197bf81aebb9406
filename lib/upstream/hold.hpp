#pragma once

#include <string>
#include <string_view>

#include "lib/sse/json_array.hpp"
#include "lib/sse/parser.hpp"
#include "lib/upstream/form.hpp"

namespace gembal::upstream {

/// Looks at the beginning of a 2xx reply to tell whether it may be passed on, while nothing has
/// been. Pure.
///
/// A stream is held until its first event with content, a lawful finish or an error; a unary reply
/// until its end; either for 64 KiB at most: so much is content.
class Hold {
 public:
  enum class State {
    holding,  ///< more is needed
    pass,     ///< has what a client can use
    failed,   ///< upstream reported an error inside the 200: see error_body()
  };

  explicit Hold(Form form);

  /// Takes the next bytes of the body.
  State add(std::string_view bytes);

  /// The body ended while held: good, or broken (an empty answer, a cut stream)?
  bool good_at_end() const;

  const std::string& bytes() const { return bytes_; }
  std::string take_bytes() { return std::move(bytes_); }
  const std::string& error_body() const { return error_body_; }

 private:
  State look(std::string_view event);

  Form form_;
  std::string bytes_;
  std::string error_body_;
  sse::Parser events_;
  sse::JsonArraySplitter items_;
};

}  // namespace gembal::upstream
