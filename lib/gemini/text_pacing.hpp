#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"
#include "lib/gemini/extras.hpp"

namespace gembal::gemini {

/// How long to wait after each piece of a text of so many characters: the longest for a short text,
/// the least for a long one, between the two falling with the length's logarithm.
std::chrono::milliseconds delay_after_piece(std::size_t characters, const PacingRules& rules);

/// An event of a stream whose words are told in small pieces: each an event of its own, cut between
/// characters as people see them. All else that the event says comes with the last piece, and only
/// there; thoughts, calls and pictures stay whole, in their place. Pure.
class CutEvent {
 public:
  /// `hurries`: more is there already, so that the pieces are those of a long text, whatever its
  /// length. An event that is not worth cutting (several candidates, no words, no JSON) has one
  /// piece: itself.
  CutEvent(std::string event, const PacingRules& rules, bool hurries);

  bool done() const { return !whole_ && at_ == pieces_.size(); }

  /// The next piece, as an event. Must not be done.
  std::string next();
  /// All that is left as one event. Must not be done.
  std::string rest();

  /// After the piece that next() gave last; zero after what was not cut, and after rest().
  std::chrono::milliseconds delay() const { return delay_; }

 private:
  struct Piece {
    Json part;
    std::chrono::milliseconds delay{};
  };

  void cut(const Json& part, const PacingRules& rules, bool hurries);

  std::optional<std::string> whole_;  ///< an event that is not cut
  Json event_;                        ///< without its parts
  Json head_;                         ///< of the events of the pieces but the last
  std::vector<Piece> pieces_;
  std::size_t at_ = 0;
  std::chrono::milliseconds delay_{};
};

}  // namespace gembal::gemini
