#include "daemon/routes.hpp"

#include <gtest/gtest.h>

namespace gembal::daemon {
namespace {

front::RequestHead head_of(const std::string& method, const std::string& target,
                           const std::string& headers = "") {
  front::HeadReader reader({});
  EXPECT_EQ(reader.read(method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n"),
            front::HeadProgress::complete);
  return std::move(reader.head);
}

std::string text_of(const Route& route) {
  static const char* const kTargets[] = {
      "native",   "chat",   "completions", "embeddings",   "responses", "images",
      "edits",    "speech", "transcripts", "translations", "models",    "model",
      "messages", "count",  "forward",     "upload",       "picture",   "page",
      "metrics",  "admin",  "unsupported"};
  static const char* const kDialects[] = {" gemini", " openai", " anthropic"};
  static const char* const kForms[] = {"unary", "sse", "array", "opaque"};
  std::string text = kTargets[static_cast<int>(route.target)];
  text += kDialects[static_cast<int>(route.dialect)];
  if (!route.upstream_path.empty()) text += " " + route.version + " " + route.upstream_path;
  if (!route.model.empty()) text += " model=" + route.model;
  if (route.form != upstream::Form::opaque)
    text += std::string(" ") + kForms[static_cast<int>(route.form)];
  if (!route.needs_token) text += " open";
  return text;
}

TEST(RoutesTest, FindsWhatAPathIsFor) {
  const std::string google = "x-goog-api-key: k\r\n";
  const struct {
    std::string method;
    std::string target;
    std::string headers;
    std::string expected;
  } cases[] = {
      {"POST", "/v1beta/models/gemini-2.5-flash:generateContent", "",
       "native gemini v1beta /models/gemini-2.5-flash:generateContent model=gemini-2.5-flash unary"},
      {"POST", "/gemini/v1beta/models/m:streamGenerateContent?alt=sse", "",
       "native gemini v1beta /models/m:streamGenerateContent model=m sse"},
      {"POST", "/v1beta/models/m:streamGenerateContent", "",
       "native gemini v1beta /models/m:streamGenerateContent model=m array"},
      {"POST", "/v1alpha/models/m:countTokens", "",
       "native gemini v1alpha /models/m:countTokens model=m"},
      {"POST", "/v1/models/m:generateContent", "",
       "native gemini v1 /models/m:generateContent model=m unary"},
      {"POST", "/v1beta/models/m%3agenerateContent", "",
       "native gemini v1beta /models/m%3agenerateContent model=m:generateContent"},
      {"POST", "/v1beta/models/m-thinking:low:generateContent", "",
       "native gemini v1beta /models/m-thinking:low:generateContent model=m-thinking:low unary"},
      {"GET", "/v1beta/models/m-thinking:low", "",
       "native gemini v1beta /models/m-thinking:low model=m-thinking:low"},
      {"GET", "/v1/models/m-thinking:low", "", "model openai model=m-thinking:low"},
      {"GET", "/v1beta/models?pageSize=5", "", "native gemini v1beta /models"},
      {"GET", "/v1beta/files/abc", "", "native gemini v1beta /files/abc"},
      {"POST", "/v1beta/tunedModels/t:generateContent", "",
       "native gemini v1beta /tunedModels/t:generateContent"},
      {"GET", "/download/v1beta/files/abc:download?alt=media", "",
       "native gemini  /download/v1beta/files/abc:download"},
      {"POST", "/v1/interactions", "", "native gemini v1 /interactions"},
      {"GET", "/v1/cachedContents/c", "", "native gemini v1 /cachedContents/c"},
      {"POST", "/v1/chat/completions", "", "chat openai"},
      {"POST", "/v1/chat/completions", google, "chat openai"},
      {"POST", "/v1/completions", "", "completions openai"},
      {"POST", "/hf/v1/completions", google, "completions openai"},
      {"POST", "/hf/v1/embeddings", "", "embeddings openai"},
      {"GET", "/v1/models", "", "models openai"},
      {"GET", "/v1/models", google, "native gemini v1 /models"},
      {"GET", "/v1/models?key=k", "", "native gemini v1 /models"},
      {"GET", "/v1/models", "x-goog-api-client: genai\r\n", "native gemini v1 /models"},
      {"GET", "/v1/models/models%2Fgemini-x", "", "model openai model=gemini-x"},
      {"GET", "/v1/files", google, "native gemini v1 /files"},
      {"GET", "/v1/fileSearchStores/x/documents", "",
       "native gemini v1 /fileSearchStores/x/documents"},
      {"GET", "/v1/files", "", "unsupported openai"},
      {"POST", "/v1/images/generations", "", "images openai"},
      {"POST", "/hf/v1/images/edits", "", "edits openai"},
      {"POST", "/v1/images/variations", "", "unsupported openai"},
      {"GET", "/images/0a.png", "", "picture gemini  0a.png open"},
      {"GET", "/images/", "", "page gemini open"},
      {"GET", "/imagesque", "", "page gemini open"},
      {"POST", "/v1/messages?beta=true", "", "messages anthropic"},
      {"POST", "/hf/v1/messages", "", "messages anthropic"},
      {"POST", "/v1/messages/count_tokens?beta=true", "", "count anthropic"},
      {"POST", "/v1/messages/batches", "", "unsupported anthropic"},
      {"GET", "/v1/models", "anthropic-version: 2023-06-01\r\n", "models anthropic"},
      {"GET", "/v1/models/gemini-x", "anthropic-version: 2023-06-01\r\n",
       "model anthropic model=gemini-x"},
      {"GET", "/v1/skills", "anthropic-version: 2023-06-01\r\n", "unsupported anthropic"},
      {"POST", "/v1/conversations", "", "unsupported openai"},
      {"POST", "/openai/v1/chat/completions", "", "forward openai v1beta /openai/chat/completions"},
      {"GET", "/v1beta/openai/models", "", "forward openai v1beta /openai/models"},
      {"POST", "/upload/v1beta/files", "", "upload gemini  /upload/v1beta/files"},
      {"POST", "/gemini/upload/v1beta/files", "", "upload gemini  /upload/v1beta/files"},
      {"PUT", "/upload/v1beta/files?upload_id=gembal-1", "",
       "upload gemini  /upload/v1beta/files open"},
      {"PUT", "/upload/v1beta/files?upload_id=theirs", "", "upload gemini  /upload/v1beta/files"},
      {"GET", "/ws/google.ai", "", "unsupported gemini"},
      {"GET", "/healthz", "", "page gemini open"},
      {"GET", "/keys_status", "", "admin gemini open"},
      {"PATCH", "/api/admin/config", "", "admin gemini open"},
      {"GET", "/assets/app.js", "", "admin gemini open"},
      {"GET", "/metrics", "", "metrics gemini open"},
      {"GET", "/healthz", "", "page gemini open"},
      {"GET", "/", "", "admin gemini open"},
      {"GET", "/v1betamax", "", "page gemini open"},
      {"OPTIONS", "*", "", "page gemini open"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.method + " " + c.target + " " + c.headers);
    const auto head = head_of(c.method, c.target, c.headers);
    const auto route = find_route(head);
    ASSERT_TRUE(route);
    EXPECT_EQ(text_of(*route), c.expected);
  }
}

TEST(RoutesTest, RefusesDotSegmentsInEveryDisguise) {
  for (const char* target : {"/v1beta/../secret", "/v1beta/./models", "/v1beta/%2e%2e/x",
                             "/v1beta/.%2E/x", "/v1/models/.."}) {
    const auto head = head_of("GET", target);
    const auto route = find_route(head);
    ASSERT_FALSE(route) << target;
    EXPECT_EQ(route.error().kind, ErrorKind::bad_request);
  }
  EXPECT_TRUE(find_route(head_of("GET", "/v1beta/models/gemini-2.5-flash")));
  EXPECT_TRUE(find_route(head_of("GET", "/v1beta/files/..a")));
}

TEST(RoutesTest, TakesTheTokenOutOfAQuery) {
  const struct {
    const char* query;
    const char* kept;
  } cases[] = {
      {"key=secret", ""},
      {"alt=sse&key=secret", "alt=sse"},
      {"key=secret&alt=sse&key=again", "alt=sse"},
      {"k%65y=secret&a=b%26c", "a=b%26c"},
      {"keys=1&monkey=2", "keys=1&monkey=2"},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(without_token(c.query), c.kept) << c.query;
  EXPECT_EQ(query_value("a=1&b=x%20y&c", "b"), "x y");
  EXPECT_EQ(query_value("a=1&b=x%20y&c", "c"), "");
  EXPECT_EQ(query_value("a=1", "d"), std::nullopt);
}

}  // namespace
}  // namespace gembal::daemon
