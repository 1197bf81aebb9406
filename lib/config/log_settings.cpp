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
      flag("logs.bodies", false, place(&Config::records, &RecordOptions::bodies))
          .original("ERROR_LOG_RECORD_REQUEST_BODY")
          .means("keep what was sent with requests that fail, for the admin pages: without keys, "
                 "files shortened"),
      duration("logs.keep_errors", "7d", place(&Config::records, &RecordOptions::keep_errors))
          .original("AUTO_DELETE_ERROR_LOGS_DAYS", in_days)
          .means("how long errors are kept for the admin pages; 0s: for ever"),
      duration("logs.keep_requests", "30d", place(&Config::records, &RecordOptions::keep_requests))
          .original("AUTO_DELETE_REQUEST_LOGS_DAYS", in_days)
          .means("how long requests are kept for the admin pages; 0s: for ever"),
      duration("web.session", "1h", place(&Config::web, &WebOptions::session))
          .original("ADMIN_SESSION_EXPIRE", in_seconds)
          .means("how long who has logged in to the admin pages may do nothing"),
      list("web.hosts", {}, place(&Config::web, &WebOptions::hosts))
          .means("names under which the admin pages may be reached, besides localhost and "
                 "addresses, as in [\"gembal.example.org\"]"),
      flag("metrics.public", false, place(&Config::web, &WebOptions::public_metrics))
          .means("/metrics needs no token, also beyond this machine"),
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
