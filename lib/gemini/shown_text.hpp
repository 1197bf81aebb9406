#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::gemini {

// What of an answer is more than words, as Markdown, for clients that know words only.

/// Code that the model wrote and upstream ran, as a fenced block with an empty line around it.
/// `language`: upstream's word ("PYTHON").
std::string code_block(std::string_view language, std::string_view source);

/// What it printed, the same; the outcome is told when it is not OUTCOME_OK.
std::string code_result_block(std::string_view outcome, std::string_view output);

/// The pages that an answer is grounded on, gathered from its events. Each address once.
class SourceList {
 public:
  /// Takes a candidate's groundingMetadata; anything else is passed over.
  void add(const Json& grounding);

  bool empty() const { return lines_.empty(); }

  /// A list of links under a rule and a heading, to stand after the answer; "" without sources.
  std::string text() const;

 private:
  std::set<std::string, std::less<>> known_;
  std::vector<std::string> lines_;
};

/// When an answer's sources are told: grounding may come before its end, with it or after.
class SourcesAtEnd {
 public:
  /// Takes what an event says of a candidate: its groundingMetadata, or null, and whether it ends.
  /// The list to put behind the event's words; "" mostly, and but once for each candidate.
  std::string after(std::int64_t index, const Json& grounding, bool ends);

 private:
  struct OfCandidate {
    SourceList sources;
    bool ended = false;
    bool told = false;
  };
  std::map<std::int64_t, OfCandidate> candidates_;
};

/// Shows a client of the native face what it did not ask for as text it can read: one for each
/// answer, whole or streamed. Pure.
class ShownAnswer {
 public:
  struct Wishes {
    bool code_as_text = false;  ///< executableCode and codeExecutionResult parts become text
    bool sources = false;       ///< the answer ends with its sources, once
    bool any() const { return code_as_text || sources; }
  };

  explicit ShownAnswer(Wishes wishes) : wishes_(wishes) {}

  /// Changes a reply, or one event of a stream. Returns whether anything was.
  bool show(Json& event);

 private:
  bool show_code(Json& candidate);
  bool show_sources(Json& candidate);

  Wishes wishes_;
  SourcesAtEnd sources_;
};

}  // namespace gembal::gemini
