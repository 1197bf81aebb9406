#pragma once

#include <string>

namespace gembal::testing {

// What the end-to-end tests ask for and what the fake upstream answers.
inline const std::string kGenerate = "/v1beta/models/gemini-2.5-flash:generateContent";
inline const std::string kStream = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
inline const std::string kHello = R"({"contents":[{"parts":[{"text":"hi"}]}]})";
inline const std::string kAnswer =
    R"({"candidates":[{"content":{"parts":[{"text":"hello"}]},"finishReason":"STOP"}]})";
inline const std::string kPart = R"({"candidates":[{"content":{"parts":[{"text":"hel"}]}}]})";

}  // namespace gembal::testing
