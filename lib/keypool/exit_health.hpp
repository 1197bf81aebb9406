#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/keypool/key.hpp"
#include "lib/keypool/outcome.hpp"
#include "lib/keypool/shared_key.hpp"

namespace gembal::keypool {

/// A key that was refused while it is not known whose fault that is.
struct Suspect {
  std::uint32_t slot = 0;
  SharedKey before;  ///< as it was when it was refused
  Verdict verdict;
};

/// Tells a key's fault from that of an exit, a proxy or this machine itself: when several keys in a
/// row are refused in the same way, the address, region, proxy or service that all of them go
/// through is the likelier cause. Judgement is then suspended and the circuit opens: one request at
/// a time is let through as a probe. The first key that is accepted closes it, and proves that the
/// refused ones were refused for themselves.
///
/// Not thread-safe; reads no clock.
class ExitHealth {
 public:
  enum class Effect {
    judge,    ///< the key's own fault, as far as is known
    suspend,  ///< the circuit is open: do not judge
    opened,   ///< this one opened it: what was judged in this row is to be undone
  };

  Effect refused(Suspect suspect, TimePoint now);

  /// A key was accepted. The suspects of an open circuit, to be judged after all; none when it was
  /// closed.
  std::vector<Suspect> accepted();

  bool is_open() const { return open_; }
  /// Nothing is held against it: another accepted key changes nothing.
  bool is_quiet() const { return !open_ && row_.empty(); }
  /// The key was accepted elsewhere: it was not refused for itself.
  void forget(std::uint32_t slot);

  /// "region", "API_KEY_INVALID": how the keys of an open circuit were refused.
  const std::string& how() const { return how_; }
  const std::vector<Suspect>& suspects() const { return row_; }

  /// Whether a request may go out as the probe of an open circuit; it is one then.
  bool begin_probe(TimePoint now);
  /// It ended without an answer to the question.
  void end_probe() { probing_ = false; }
  TimePoint next_probe() const { return next_probe_; }

 private:
  bool is_due(TimePoint now) const;

  bool open_ = false;
  bool probing_ = false;
  int level_ = 0;  ///< of the back-off between two probes
  TimePoint next_probe_{};
  TimePoint latest_{};  ///< refusal of the row
  std::string how_;
  std::vector<Suspect> row_;
};

}  // namespace gembal::keypool
