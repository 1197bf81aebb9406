#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "lib/core/time.hpp"

namespace gembal::keypool {

/// Whether a model has too much to do, whatever the key: a breaker that opens when several requests
/// in a row are told so, and closes with the first that succeeds. While it is open requests still
/// go out, each for one try. Not thread-safe; reads no clock.
class ModelHealth {
 public:
  using Group = std::uint32_t;

  /// What a refusal did.
  enum class Effect {
    none,
    opened,     ///< the breaker
    prolonged,  ///< it was open already
  };

  /// A refusal in so many words (503). `jitter`: 0 to 1.
  Effect overloaded(TimePoint now, double jitter);

  /// A refusal without details (a bare 429): the subject's fault until three different subjects in
  /// a row, or both when there are two, were told so. `subjects`: how many there are.
  Effect refused_barely(Group group, std::size_t subjects, TimePoint now, double jitter);

  /// The subjects that bare refusals were blamed on, now that they are known to be the model's.
  std::vector<Group> take_blameless() { return std::exchange(barely_refused_, {}); }

  /// True: that closed the breaker.
  bool succeeded();

  bool is_open() const { return open_; }
  /// Nothing is held against it: another success changes nothing.
  bool is_quiet() const {
    return !open_ && in_a_row_ == 0 && level_ == 0 && barely_refused_.empty();
  }
  /// While open: when the model is next worth a try where there is another choice. It doubles with
  /// each refusal.
  TimePoint until() const { return until_; }
  /// Whether that is yet to come. Further away than the longest back-off it is of a clock that has
  /// gone back since.
  bool is_backing_off(TimePoint now) const;

  /// What another process found out.
  void learn_overloaded(TimePoint until);

 private:
  void back_off(TimePoint now, double jitter);

  bool open_ = false;
  int in_a_row_ = 0;
  int level_ = 0;  ///< of the back-off
  TimePoint until_{};
  std::vector<Group> barely_refused_;
};

}  // namespace gembal::keypool
