#pragma once

#include <string>

#include "lib/core/json.hpp"
#include "lib/core/result.hpp"

namespace gembal::cmd {

/// A conversation that can be taken up again: $XDG_DATA_HOME/gembal/sessions/NAME.json, readable by
/// its owner alone.
struct Session {
  std::string name;
  std::string model;              ///< as it was called; "": the usual one
  std::string system;             ///< "": none
  Json contents = Json::array();  ///< the turns, as the API has them

  bool empty() const { return contents.empty(); }
};

/// The name under which a chat without one is kept: the next such chat takes its place.
inline constexpr const char* kUnnamedSession = "last";

/// The session of that name; an empty one when there is none. Errors: usage (no such name is
/// allowed), io, usage (it is damaged, or written by a newer gembal).
Result<Session> load_session(const std::string& name);

/// The session that was saved last. Errors: usage when there is none; as load_session().
Result<Session> load_last_session();

/// Puts it in the place of what was there: whole, or not at all. Errors: io.
Result<void> save_session(const Session& session);

}  // namespace gembal::cmd
