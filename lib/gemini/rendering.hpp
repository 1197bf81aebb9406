#pragma once

#include <string>
#include <vector>

#include "lib/gemini/reply.hpp"

namespace gembal::gemini {

/// How a dialect tells its client what Gemini answers. One for each request; pure.
///
/// Either whole() once, or, for a stream: begin(), push() for each event, and finish() or fail().
/// What the functions return can be sent as it is, also when it is empty.
class Rendering {
 public:
  virtual ~Rendering() = default;

  /// Of a whole reply.
  virtual std::string content_type() const { return "application/json; charset=UTF-8"; }

  /// The body of a whole reply. `replies`: of the calls that were made for it, whose candidates
  /// bear the numbers of the calls. Errors: upstream (there is no answer in it).
  virtual Result<std::string> whole(std::vector<Reply> replies) = 0;

  /// Before the first event. Nothing else is sent before it but heartbeats.
  virtual std::string begin() { return ""; }

  /// For an event of the `call`th call, whose candidates bear its number.
  virtual std::string push(Reply event, std::size_t call) = 0;

  /// Whether every candidate has ended: what comes then is a whole answer.
  virtual bool finished() const = 0;

  virtual std::string finish() = 0;

  /// In place of finish(): the answer cannot be completed. `status`: HTTP's for `error`.
  virtual std::string fail(int status, const Error& error) = 0;

  /// What keeps a silent stream alive. May come at any time between events.
  virtual std::string heartbeat() { return ": waiting\n\n"; }
};

}  // namespace gembal::gemini
