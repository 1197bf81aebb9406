#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"

namespace gembal::config {
namespace {

// Python has other words for two of the levels.
std::string from_python(const std::string& level) {
  const auto word = lower(level);
  if (word == "warning") return "warn";
  return word == "critical" || word == "fatal" ? "error" : word;
}

}  // namespace

std::vector<Setting> log_settings() {
  return {
      choice("logs.level", "info", {"debug", "info", "warn", "error"},
             place(&Config::logs, &log::Options::level))
          .original("LOG_LEVEL", from_python)
          .means("what is logged: debug, info, warn or error"),
      choice("logs.format", "text", {"text", "json"}, place(&Config::logs, &log::Options::format))
          .means("text, or json: one object a line"),
      flag("logs.requests", true, place(&Config::logs, &log::Options::requests))
          .means("a log line for each request"),
      text("client.model", "gemini-flash-latest", place(&Config::client, &ClientOptions::model))
          .means("the model that 'gembal chat' asks"),
      optional_web_address("client.url", place(&Config::client, &ClientOptions::url))
          .means("a daemon that chat, embed, image and models go through, as in "
                 "http://server:8000; empty: the store's keys are used"),
      secret("client.token", place(&Config::client, &ClientOptions::token))
          .means("that daemon's token"),
  };
}

}  // namespace gembal::config
