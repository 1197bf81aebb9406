#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lib/core/json.hpp"

namespace gembal::testing {

inline Json parsed(const std::string& text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : Json();
}

inline std::string generate(const std::string& model) {
  return "/v1beta/models/" + model + ":generateContent";
}

inline std::string stream(const std::string& model) {
  return "/v1beta/models/" + model + ":streamGenerateContent";
}

/// The events of an SSE body.
inline std::vector<Json> events_in(const std::string& body) {
  std::vector<Json> events;
  for (auto at = body.find("data: "); at != std::string::npos; at = body.find("data: ", at + 1)) {
    const auto end = body.find("\r\n\r\n", at);
    events.push_back(parsed(body.substr(at + 6, end - at - 6)));
  }
  return events;
}

inline std::string text_in(const Json& event) {
  std::string text;
  const Json* candidates = find(event, "candidates");
  if (!candidates || candidates->empty()) return text;
  const Json* content = find((*candidates)[0], "content");
  const Json* parts = content ? find(*content, "parts") : nullptr;
  for (std::size_t i = 0; parts && i < parts->size(); ++i) text += string_in((*parts)[i], "text");
  return text;
}

inline std::string text_of(const std::vector<Json>& events) {
  std::string text;
  for (const auto& event : events) text += text_in(event);
  return text;
}

inline std::string chat(const std::string& model, const std::string& more = "") {
  return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" + more + "}";
}

/// The chunks of an OpenAI stream.
inline std::vector<Json> chunks_in(const std::string& body) {
  std::vector<Json> chunks;
  for (auto at = body.find("data: {"); at != std::string::npos; at = body.find("data: {", at + 1))
    chunks.push_back(parsed(body.substr(at + 6, body.find("\n\n", at) - at - 6)));
  return chunks;
}

inline std::string content_of(const std::vector<Json>& chunks) {
  std::string text;
  for (const auto& chunk : chunks) {
    const Json* choices = find(chunk, "choices");
    for (std::size_t i = 0; choices && i < choices->size(); ++i)
      text += string_in((*choices)[i]["delta"], "content");
  }
  return text;
}

}  // namespace gembal::testing
