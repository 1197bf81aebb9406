#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gembal::gemini {

// What the operator may set about models and requests. Plain data; lists of models are patterns, in
// which "*" stands for any characters.

/// How much a model is to think: a level, or a budget in tokens.
struct ThinkingAmount {
  int budget = -1;    ///< 0: not at all; -1: as the model likes; meaningful when there is no level
  std::string level;  ///< "minimal", "low", "medium", "high"; "" for a budget

  bool is_off() const { return level.empty() && budget == 0; }
  bool operator==(const ThinkingAmount&) const = default;
};

/// "off", "auto", a level, or a number of tokens, also as "1024.0"; nullopt for anything else.
std::optional<ThinkingAmount> parse_thinking(std::string_view text);
std::string thinking_text(const ThinkingAmount& thinking);  ///< as parse_thinking() reads it

/// Which models there are for clients, and what their names mean.
struct ModelRules {
  std::vector<std::string> filtered;  ///< are not listed, and refused
  std::vector<std::string> search;    ///< are listed once more with "-search"
  std::vector<std::string> image;     ///< the same with "-image": answer in words and pictures
  std::vector<std::string> thinking;  ///< the same with "-non-thinking"
  std::vector<std::pair<std::string, std::string>>
      aliases;              ///< a name, and the model it stands for
  std::string image_model;  ///< is listed once more with "-chat"; "": none is
};

struct SafetySetting {
  std::string category;   ///< "HARM_CATEGORY_HARASSMENT"
  std::string threshold;  ///< "OFF"
};

/// What is added to requests for content where the client was silent.
struct RequestExtras {
  std::vector<std::pair<std::string, ThinkingAmount>> thinking_budget;  ///< a model's, by name
  bool show_thinking = true;      ///< translated requests ask for thoughts
  bool code_execution = false;    ///< models may run code
  bool show_search_links = true;  ///< a search that a suffix asked for is answered with its sources
  bool url_context = false;       ///< models may read addresses
  std::vector<std::string> url_context_models;
  std::vector<SafetySetting> safety;  ///< empty: all off in translated requests, native ones as
                                      ///< they come
};

/// How a stream's texts are cut and paced.
struct PacingRules {
  bool enabled = false;
  std::chrono::milliseconds min_delay{16};  ///< after each piece of a long text
  std::chrono::milliseconds max_delay{24};  ///< after each character of a short one
  int short_text = 10;                      ///< characters
  int long_text = 50;                       ///< characters: from here on, in pieces of chunk_size
  int chunk_size = 5;                       ///< characters
};

}  // namespace gembal::gemini
