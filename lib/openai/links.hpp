#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/json_fwd.hpp"
#include "lib/core/result.hpp"

namespace gembal::openai {

/// A link to content, in a part of a message.
struct ContentLink {
  std::string url;
  std::string param;       ///< "messages[0].content[1].image_url.url"
  std::string what;        ///< "image", "video", "audio" or "file"
  Json* place;             ///< the member that holds it; valid while the request stays as it is
  bool is_source = false;  ///< the place is a source of Anthropic's, rather than a text
};

/// The links (http, https) of a request's content that the model cannot open by itself, in order:
/// in chat completions, in the Responses API, and in Anthropic's messages. YouTube's links, and
/// those of the Gemini API's own files, are the model's: those that begin with `upstream` are, too.
/// Pure.
std::vector<ContentLink> links_in(Json& request, std::string_view upstream);

/// Puts what a link leads to in its place: as a data URL, or as a base64 source. `declared`: the
/// type that it came with; "" for none. Errors: bad_request, as link_error() makes it.
Result<void> fill(const ContentLink& link, std::string_view bytes, std::string_view declared);

/// "the image at SHOWN could not be fetched: REASON", with the parameter. `shown`: the link as
/// others may see it.
Error link_error(const ContentLink& link, std::string_view shown, Error reason);

}  // namespace gembal::openai
