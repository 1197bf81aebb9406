#include "daemon/admin/records_json.hpp"

namespace gembal::daemon::admin {
namespace {

std::string csv_value(const Json& value) {
  auto text = value.is_string() ? value.get<std::string>() : to_text(value);
  // What a spreadsheet would run as a formula is text.
  if (!text.empty() && value.is_string() &&
      std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) {
    text.insert(0, "'");
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

Json to_json(const store::RequestRecord& request) {
  return {{"id", request.id},
          {"time", to_iso8601(request.time)},
          {"method", request.method},
          {"path", request.path},
          {"token", request.token},
          {"key_id", request.key_id},
          {"model", request.model},
          {"status", request.status},
          {"attempts", request.attempts},
          {"prompt_tokens", request.prompt_tokens},
          {"output_tokens", request.output_tokens},
          {"total_tokens", request.total_tokens},
          {"first_ms", request.first_ms},
          {"ms", request.ms},
          {"failure", request.failure}};
}

Json to_json(const store::ErrorRecord& error, bool with_bodies) {
  Json json = {
      {"id", error.id},          {"request_id", error.request_id}, {"time", to_iso8601(error.time)},
      {"key_id", error.key_id},  {"model", error.model},           {"token", error.token},
      {"path", error.path},      {"status", error.status},         {"kind", error.kind},
      {"message", error.message}};
  if (with_bodies) {
    json["request"] = error.request;
    json["reply"] = error.reply;
  }
  return json;
}

Json to_json(const store::Traffic& traffic) {
  const auto average = traffic.requests == 0 ? 0 : traffic.milliseconds / traffic.requests;
  return {{"requests", traffic.requests},
          {"failed", traffic.failed},
          {"prompt_tokens", traffic.prompt_tokens},
          {"output_tokens", traffic.output_tokens},
          {"total_tokens", traffic.total_tokens},
          {"avg_ms", average},
          {"p50_ms", store::latency_of_share(traffic.latencies, 0.5)},
          {"p95_ms", store::latency_of_share(traffic.latencies, 0.95)}};
}

std::string to_csv(const Json& objects) {
  std::string text;
  if (objects.empty()) return text;
  for (const auto& [name, value] : objects.front().items()) {
    if (!text.empty()) text += ',';
    text += name;
  }
  text += "\r\n";
  for (const auto& object : objects) {
    std::string line;
    bool is_first = true;
    for (const auto& [name, value] : object.items()) {
      if (!is_first) line += ',';
      is_first = false;
      line += csv_value(value);
    }
    text += line + "\r\n";
  }
  return text;
}

}  // namespace gembal::daemon::admin
