#pragma once

#include <string>
#include <vector>

#include "daemon/sandbox/api.hpp"
#include "lib/core/json.hpp"

namespace gembal::sandbox {

/// 24 November 2026, 20:00 UTC: noon in Los Angeles.
inline const TimePoint kNoon = *parse_iso8601("2026-11-24T20:00:00Z");

/// A request with a key in x-goog-api-key; `url` may have a query.
inline Request make_request(std::string method, const std::string& url, std::string body = "",
                            const std::string& key = "key-one") {
  const auto mark = url.find('?');
  Request request;
  request.method = std::move(method);
  request.path = url.substr(0, mark);
  if (mark != std::string::npos) request.query = url.substr(mark + 1);
  request.body = std::move(body);
  if (!key.empty()) request.headers.emplace_back("x-goog-api-key", key);
  return request;
}

inline std::string body_of(const Script& script) {
  std::string body;
  for (const auto& piece : script.pieces) body += piece.bytes;
  return body;
}

/// The value of the first header of that name; "" when there is none.
inline std::string header_of(const Script& script, std::string_view name) {
  for (const auto& [key, value] : script.headers) {
    if (key == name) return value;
  }
  return "";
}

/// The body as JSON; null when it is none.
inline Json json_of(const Script& script) {
  auto json = parse_json(body_of(script));
  return json ? *std::move(json) : Json();
}

/// The values of a stream's data lines; anything that is no JSON is left out.
inline std::vector<Json> events_of(const Script& script) {
  std::vector<Json> events;
  const std::string body = body_of(script);
  for (std::size_t at = body.find("data: "); at != std::string::npos;
       at = body.find("data: ", at + 1)) {
    const auto end = body.find('\n', at);
    if (auto json = parse_json(body.substr(at + 6, end - at - 6)))
      events.push_back(*std::move(json));
  }
  return events;
}

/// Sends requests to one sandbox, at noon unless told otherwise.
class Client {
 public:
  explicit Client(Options options = {}) : api(std::move(options)) {}
  explicit Client(const std::string& scenario) : api(options_of(scenario)) {}

  Script get(const std::string& url, const std::string& key = "key-one", TimePoint now = kNoon) {
    return api.answer(make_request("GET", url, "", key), now);
  }
  Script post(const std::string& url, const std::string& body, const std::string& key = "key-one",
              TimePoint now = kNoon) {
    return api.answer(make_request("POST", url, body, key), now);
  }
  Script fault(const std::string& name, const std::string& url, const std::string& body) {
    auto request = make_request("POST", url, body);
    request.headers.emplace_back("x-sandbox-fault", name);
    return api.answer(request, kNoon);
  }
  /// To the OpenAI-compatible surface, with a bearer key.
  Script openai(const std::string& path, const std::string& body,
                const std::string& method = "POST") {
    auto request = make_request(method, "/v1beta/openai/" + path, body, "");
    request.headers.emplace_back("authorization", "Bearer key-one");
    return api.answer(request, kNoon);
  }

  Api api;

 private:
  static Options options_of(const std::string& scenario) {
    Options options;
    options.scenario = *parse_scenario(*parse_json(scenario));
    return options;
  }
};

/// POST with further headers, from a client that knows the server as 127.0.0.1:9999.
inline Script send(Client& client, const std::string& url, const Headers& headers,
                   const std::string& body, const std::string& key = "key-one") {
  auto request = make_request("POST", url, body, key);
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  request.headers.emplace_back("host", "127.0.0.1:9999");
  return client.api.answer(request, kNoon);
}

/// Uploads `bytes` in one piece and gives the file's name: "files/x".
inline std::string uploaded(Client& client, const std::string& bytes,
                            const std::string& key = "key-one") {
  const auto start = send(client, "/upload/v1beta/files",
                          {{"x-goog-upload-protocol", "resumable"},
                           {"x-goog-upload-command", "start"},
                           {"x-goog-upload-header-content-type", "text/plain"}},
                          "{}", key);
  const std::string url = header_of(start, "x-goog-upload-url");
  const auto end = send(client, url.substr(url.find("/upload")),
                        {{"x-goog-upload-command", "upload, finalize"}}, bytes, "");
  return json_of(end)["file"]["name"];
}

inline const char* const kFlash = "/v1beta/models/gemini-2.5-flash:generateContent";
inline const char* const kFlashStream =
    "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
inline const char* const kNewStream =
    "/v1beta/models/gemini-3.5-flash:streamGenerateContent?alt=sse";
inline const char* const kNew = "/v1beta/models/gemini-3.5-flash:generateContent";
inline const char* const kHello =
    R"({"contents":[{"role":"user","parts":[{"text":"Say hello to Ada."}]}]})";

/// A generateContent body with one user turn and further members: `"generationConfig":{...}`.
inline std::string ask_with(const std::string& text, const std::string& more = "") {
  return "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":" + to_text(Json(text)) + "}]}]" +
         (more.empty() ? "" : "," + more) + "}";
}

/// The text of all parts that are no thoughts of a GenerateContentResponse.
inline std::string text_in(const Json& response) {
  std::string text;
  const Json* candidates = find(response, "candidates");
  if (!candidates) return text;
  for (const auto& candidate : *candidates) {
    const Json* content = find(candidate, "content");
    const Json* parts = content ? find(*content, "parts") : nullptr;
    if (!parts) continue;
    for (const auto& part : *parts) {
      if (!find(part, "thought")) text += string_in(part, "text");
    }
  }
  return text;
}

/// The names of an object's members, in order.
inline std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

}  // namespace gembal::sandbox
