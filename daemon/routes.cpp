#include "daemon/routes.hpp"

#include <algorithm>
#include <array>

#include "lib/core/text.hpp"
#include "lib/gemini/extras.hpp"
#include "lib/gemini/model_name.hpp"

namespace gembal::daemon {
namespace {

using upstream::Form;

bool take_prefix(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  if (path.size() > prefix.size() && path[prefix.size()] != '/') return false;
  path.remove_prefix(prefix.size());
  return true;
}

// "%2e%2e" is the same to whoever decodes it first.
bool has_dot_segment(std::string_view path) {
  for (const auto segment : split(path, '/')) {
    const auto decoded = percent_decode(segment);
    if (decoded == "." || decoded == "..") return true;
  }
  return false;
}

/// Fills model and form from "/models/{id}:{method}".
void read_model(Route& route, std::string_view query) {
  std::string_view rest = route.upstream_path;
  if (!rest.starts_with("/models/")) return;
  rest.remove_prefix(8);
  // A name may have a colon of its own, as in "x-thinking:low".
  auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && gemini::parse_thinking(rest.substr(colon + 1)))
    colon = std::string_view::npos;
  const auto end = std::min({colon, rest.find('/'), rest.size()});
  route.model = gemini::bare_model(percent_decode(rest.substr(0, end)));
  route.after_model = rest.substr(end);
  if (colon == std::string_view::npos) return;
  const auto method = rest.substr(colon + 1);
  if (method == "generateContent") {
    route.form = Form::unary;
  } else if (method == "streamGenerateContent") {
    route.form = query_value(query, "alt") == "sse" ? Form::sse : Form::array;
  }
}

Route native(std::string_view version, std::string_view rest, std::string_view query) {
  Route route;
  route.target = Target::native;
  route.version = version;
  route.upstream_path = rest;
  route.query = without_token(query);
  read_model(route, query);
  return route;
}

Route translated(Target target, Dialect dialect) {
  Route route;
  route.target = target;
  route.dialect = dialect;
  return route;
}

/// The pages, and what belongs to them.
bool is_admin_path(std::string_view path) {
  constexpr std::array kPages = {"/",       "/login",      "/logout", "/keys",  "/keys_status",
                                 "/config", "/error_logs", "/logs",   "/stats", "/play",
                                 "/tokens", "/docs"};
  return std::find(kPages.begin(), kPages.end(), path) != kPages.end() ||
         path.starts_with("/assets/") || path.starts_with("/api/admin/");
}

Route openai(Target target) { return translated(target, Dialect::openai); }

Route forward(std::string_view rest, std::string_view query) {
  Route route = openai(Target::openai_forward);
  route.query = without_token(query);
  route.version = "v1beta";
  route.upstream_path = "/openai" + std::string(rest);
  return route;
}

Route unsupported(Dialect dialect) {
  Route route;
  route.target = Target::unsupported;
  route.dialect = dialect;
  return route;
}

bool asks_natively(const front::RequestHead& head) {
  return !head.field("x-goog-api-key").empty() || !head.field("x-goog-api-client").empty() ||
         query_value(head.query, "key").has_value();
}

/// "/messages" and what is below it, of which we have the counting of tokens.
Route messages(std::string_view rest) {
  if (rest == "/messages") return translated(Target::anthropic_messages, Dialect::anthropic);
  if (rest == "/messages/count_tokens")
    return translated(Target::anthropic_count, Dialect::anthropic);
  return unsupported(Dialect::anthropic);
}

/// Below /v1, which clients of OpenAI and Anthropic and Google's current SDKs share.
Route below_v1(std::string_view rest, const front::RequestHead& head) {
  const bool reads = head.method == "GET" || head.method == "HEAD";
  if (rest == "/chat/completions") return openai(Target::openai_chat);
  if (rest == "/completions") return openai(Target::openai_completions);
  if (rest == "/embeddings") return openai(Target::openai_embeddings);
  if (std::string_view left = rest; take_prefix(left, "/messages")) return messages(rest);
  if (std::string_view below = rest; take_prefix(below, "/responses")) {
    Route route = openai(Target::openai_responses);
    route.upstream_path = below;
    return route;
  }
  if (rest == "/audio/speech") return openai(Target::openai_speech);
  if (rest == "/audio/transcriptions") return openai(Target::openai_transcripts);
  if (rest == "/audio/translations") return openai(Target::openai_translations);
  if (rest == "/images/generations") return openai(Target::openai_images);
  if (rest == "/images/edits") return openai(Target::openai_edits);
  if (!reads && rest.starts_with("/models/") && rest.find(':') != std::string_view::npos)
    return native("v1", rest, head.query);
  // Of these OpenAI's API has none.
  for (const std::string_view own :
       {"/interactions", "/cachedContents", "/fileSearchStores", "/tunedModels", "/agents",
        "/environments", "/credentials", "/triggers", "/webhooks"}) {
    std::string_view left = rest;
    if (take_prefix(left, own)) return native("v1", rest, head.query);
  }
  if (asks_natively(head)) {
    for (const std::string_view shared : {"/models", "/files", "/batches"}) {
      std::string_view left = rest;
      if (take_prefix(left, shared)) return native("v1", rest, head.query);
    }
  }
  const auto dialect =
      head.field("anthropic-version").empty() ? Dialect::openai : Dialect::anthropic;
  if (rest == "/models" && reads) return translated(Target::openai_models, dialect);
  if (rest.starts_with("/models/") && reads) {
    Route route = translated(Target::openai_model, dialect);
    route.model = gemini::bare_model(percent_decode(rest.substr(8)));
    return route;
  }
  return unsupported(dialect);
}

}  // namespace

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  for (const auto part : split(query, '&')) {
    const auto equals = part.find('=');
    if (percent_decode(part.substr(0, equals)) != name) continue;
    return equals == std::string_view::npos ? "" : percent_decode(part.substr(equals + 1));
  }
  return std::nullopt;
}

std::string without_token(std::string_view query) {
  std::string kept;
  if (query.empty()) return kept;
  for (const auto part : split(query, '&')) {
    if (percent_decode(part.substr(0, part.find('='))) == "key") continue;
    if (!kept.empty()) kept += '&';
    kept += part;
  }
  return kept;
}

Result<Route> find_route(const front::RequestHead& head) {
  std::string_view path = head.path;
  if (path.find('.') != std::string_view::npos || path.find('%') != std::string_view::npos) {
    if (has_dot_segment(path))
      return Error{ErrorKind::bad_request, "the path must not have '.' or '..' segments"};
  }
  std::string_view rest = path;
  if (take_prefix(rest, "/gemini")) path = rest;

  rest = path;
  if (take_prefix(rest, "/v1beta/openai") || take_prefix(rest, "/openai/v1"))
    return forward(rest, head.query);
  for (const std::string_view version : {"v1beta", "v1alpha"}) {
    rest = path;
    if (rest.starts_with('/') && (rest.remove_prefix(1), take_prefix(rest, version))) {
      return native(version, rest, head.query);
    }
  }
  rest = path;
  if (take_prefix(rest, "/hf/v1") || take_prefix(rest, "/v1")) return below_v1(rest, head);
  rest = path;
  if (take_prefix(rest, "/download")) {  // "/download/v1beta/files/…"
    Route route = native("", path, head.query);
    return route;
  }
  rest = path;
  if (take_prefix(rest, "/upload")) {  // "/upload/v1beta/files"
    Route route = native("", path, head.query);
    route.target = Target::upload;
    // A session's address cannot be guessed: it is its own token.
    route.needs_token =
        !query_value(head.query, "upload_id").value_or("").starts_with(kSessionMark);
    return route;
  }
  rest = path;
  if (take_prefix(rest, "/ws")) return unsupported(Dialect::gemini);

  Route page;
  page.needs_token = false;
  if (path == "/metrics") page.target = Target::metrics;
  if (is_admin_path(path)) page.target = Target::admin;
  if (rest = path; take_prefix(rest, "/images") && rest.size() > 1) {
    // Its name cannot be guessed: it is its own token.
    page.target = Target::picture;
    page.upstream_path = rest.substr(1);
  }
  return page;
}

}  // namespace gembal::daemon
