#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/dialect.hpp"
#include "lib/upstream/dispatcher.hpp"

namespace gembal::daemon {

/// What a path is for.
enum class Target {
  native,               ///< the Gemini API, passed through
  openai_chat,          ///< /v1/chat/completions, translated
  openai_completions,   ///< /v1/completions, translated
  openai_embeddings,    ///< /v1/embeddings, translated
  openai_responses,     ///< /v1/responses and what is below it
  openai_images,        ///< /v1/images/generations
  openai_edits,         ///< /v1/images/edits
  openai_speech,        ///< /v1/audio/speech
  openai_transcripts,   ///< /v1/audio/transcriptions
  openai_translations,  ///< /v1/audio/translations
  openai_models,        ///< /v1/models
  openai_model,         ///< /v1/models/{id}
  anthropic_messages,   ///< /v1/messages, translated
  anthropic_count,      ///< /v1/messages/count_tokens
  openai_forward,       ///< Google's own OpenAI-compatible surface
  upload,               ///< files on their way to the Gemini API, of any size
  picture,              ///< one that gembal keeps: its name is in upstream_path
  page,                 ///< about how gembal is: health
  metrics,              ///< the same, for Prometheus
  admin,                ///< the admin pages, their log-in and their API
  unsupported,          ///< a part of an API that gembal does not offer: 501
};

/// Where a request goes. Pure data made from its head.
struct Route {
  Target target = Target::page;
  Dialect dialect = Dialect::gemini;
  std::string version;        ///< native and forwarded: "v1beta", "v1", "v1alpha"
  std::string upstream_path;  ///< native and forwarded: what follows the version, with its leading
                              ///< slash; of responses what follows their name
  std::string query;          ///< of those, without the client's token
  std::string model;          ///< from the path; "" when there is none
  std::string after_model;    ///< what follows it there: ":generateContent"
  upstream::Form form = upstream::Form::opaque;
  bool needs_token = true;
};

/// How the names of our own upload sessions begin.
inline constexpr std::string_view kSessionMark = "gembal-";

/// Finds the route of a request. Where two dialects own a path, the client's headers decide. Pure.
/// Errors: bad_request (a path with dot segments).
Result<Route> find_route(const front::RequestHead& head);

/// `query` without the parameters that carry a client's token; other parameters keep their bytes
/// and order.
std::string without_token(std::string_view query);

/// The value of a query parameter, percent-decoded; nullopt when it is not there.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace gembal::daemon
