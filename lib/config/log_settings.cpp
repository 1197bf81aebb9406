#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"

namespace gembal::config {

std::vector<Setting> log_settings() {
  return {
      choice("logs.level", "info", {"debug", "info", "warn", "error"},
             place(&Config::logs, &log::Options::level))
          .original("LOG_LEVEL")
          .means("what is logged: debug, info, warn or error"),
      choice("logs.format", "text", {"text", "json"}, place(&Config::logs, &log::Options::format))
          .means("text, or json: one object a line"),
      flag("logs.requests", true, place(&Config::logs, &log::Options::requests))
          .means("a log line for each request"),
      text("client.model", "gemini-flash-latest", place(&Config::client, &ClientOptions::model))
          .means("the model that 'gembal chat' asks"),
  };
}

}  // namespace gembal::config
