#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/api_access.hpp"
#include "lib/gemini/called_model.hpp"

namespace gembal::cmd {

/// What 'gembal chat' was asked for.
struct ChatOptions {
  std::vector<std::string> words;
  std::string model;
  std::string system;              ///< text, or "@FILE"
  std::vector<std::string> files;  ///< paths, http(s) addresses, or "-"
  bool search = false;
  bool code = false;
  bool url = false;
  std::string thinking;  ///< "off", "high", a number of tokens; "": the model's own
  bool show_thoughts = false;
  std::optional<double> temperature;
  std::optional<int> max_tokens;
  std::string schema;  ///< a file; "": none
  bool extract = false;
  bool usage = false;
  bool no_stream = false;
  bool dry_run = false;
  bool go_on = false;   ///< with the session that was used last
  std::string session;  ///< a name; "": none
  std::string role;     ///< a name; "": none
  Via via;
};

}  // namespace gembal::cmd
