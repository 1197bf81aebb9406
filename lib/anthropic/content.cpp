#include "lib/anthropic/content.hpp"

#include <map>

#include "lib/anthropic/bad_request.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/media.hpp"

namespace gembal::anthropic {
namespace {

Json text_part(std::string text) {
  Json part;
  part["text"] = std::move(text);
  return part;
}

Json one(Json part) { return Json::array({std::move(part)}); }

Json file_part(std::string uri, std::string_view mime_type) {
  Json part;
  part["fileData"]["fileUri"] = std::move(uri);
  if (!mime_type.empty()) part["fileData"]["mimeType"] = mime_type;
  return part;
}

/// The type of what a link leads to, by its ending; "" for an unknown one.
std::string_view type_by_name(std::string_view url) {
  static const std::map<std::string_view, std::string_view> kTypes = {
      {".png", "image/png"},   {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
      {".webp", "image/webp"}, {".gif", "image/gif"},  {".pdf", "application/pdf"}};
  const auto path = url.substr(0, url.find_first_of("?#"));
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto found = kTypes.find(lower(path.substr(dot)));
  return found == kTypes.end() ? std::string_view() : found->second;
}

/// The media as a part, or why it is none.
Result<Json> inline_part(Result<gemini::Media> media) {
  if (!media) return std::move(media).error();
  return gemini::inline_data(*std::move(media));
}

Result<Json> linked(std::string url, std::string_view usual_type, const std::string& where) {
  // Some clients give data for a URL.
  if (gemini::is_data_url(url)) return inline_part(gemini::read_data_url(std::move(url), where));
  if (!url.starts_with("https://") && !url.starts_with("http://") && !url.starts_with("gs://"))
    return bad_at(where, "a URL must begin with https://");
  auto mime_type = type_by_name(url);
  if (mime_type.empty()) mime_type = usual_type;
  return file_part(std::move(url), mime_type);
}

/// A file of the Gemini API, by its name or its URI.
Result<Json> file_of(std::string id, const std::string& where) {
  if (id.find("://") != std::string::npos) return file_part(std::move(id), "");
  if (id.starts_with("files/"))
    return file_part("https://generativelanguage.googleapis.com/v1beta/" + id, "");
  return bad_at(where,
                "this file is not known here: give its data in base64, or the name of a "
                "Gemini file (files/...)");
}

/// What "image" and "document" have in common: data in base64, a link, a file. nullopt: a source
/// of another type.
std::optional<Result<Json>> media_part(Json& source, std::string_view usual_type,
                                       const std::string& where) {
  const std::string type(string_in(source, "type"));
  if (type == "base64") {
    auto data = take_text(source, "data");
    const auto place = where + ".data";
    if (data.empty()) return bad_at(place, "'data' is missing");
    return inline_part(
        gemini::read_base64(std::move(data), string_in(source, "media_type"), place));
  }
  if (type == "url") return linked(take_text(source, "url"), usual_type, where + ".url");
  if (type == "file") return file_of(take_text(source, "file_id"), where + ".file_id");
  return std::nullopt;
}

Error unknown_source(const Json& source, const std::string& where) {
  return bad_at(where + ".type", "a source of type '" + std::string(string_in(source, "type")) +
                                     "' is not supported");
}

Json* source_of(Json& block) {
  const auto found = block.find("source");
  return found != block.end() && found->is_object() ? &*found : nullptr;
}

Result<Json> image_parts(Json& block, const std::string& where) {
  Json* source = source_of(block);
  if (!source) return bad_at(where + ".source", "'source' must be an object");
  auto part = media_part(*source, "", where + ".source");
  if (!part) return unknown_source(*source, where + ".source");
  if (!*part) return std::move(*part).error();
  return one(**std::move(part));
}

/// A document's title and context go before it.
Result<Json> document_parts(Json& block, const std::string& where) {
  Json* source = source_of(block);
  if (!source) return bad_at(where + ".source", "'source' must be an object");
  Json parts = Json::array();
  for (const char* name : {"title", "context"}) {
    if (auto text = take_text(block, name); !text.empty())
      parts.push_back(text_part(std::move(text)));
  }
  const auto type = string_in(*source, "type");
  if (type == "text") {
    if (auto text = take_text(*source, "data"); !text.empty())
      parts.push_back(text_part(std::move(text)));
    return parts;
  }
  if (type == "content") {
    auto inner = content_parts((*source)["content"], where + ".source.content");
    if (!inner) return inner;
    for (auto& part : *inner) parts.push_back(std::move(part));
    return parts;
  }
  auto part = media_part(*source, "application/pdf", where + ".source");
  if (!part) return unknown_source(*source, where + ".source");
  if (!*part) return std::move(*part).error();
  parts.push_back(**std::move(part));
  return parts;
}

Result<Json> search_result_parts(Json& block, const std::string& where) {
  auto inner = content_parts(block["content"], where + ".content");
  if (!inner) return inner;
  std::string text(string_in(block, "title"));
  if (const auto source = string_in(block, "source"); !source.empty())
    text.append(text.empty() ? "" : "\n").append(source);
  if (const auto body = text_of(*inner); !body.empty())
    text.append(text.empty() ? "" : "\n").append(body);
  return text.empty() ? Json::array() : one(text_part(std::move(text)));
}

}  // namespace

std::string take_text(Json& value, const char* name) {
  if (!value.is_object()) return "";
  const auto found = value.find(name);
  if (found == value.end() || !found->is_string()) return "";
  return std::move(found->get_ref<std::string&>());
}

Result<Json> block_parts(Json& block, const std::string& where) {
  if (!block.is_object()) return bad_at(where, "a content block must be an object with a 'type'");
  const std::string type(string_in(block, "type"));
  if (type == "text") {
    auto text = take_text(block, "text");
    return text.empty() ? Json::array() : one(text_part(std::move(text)));
  }
  if (type == "image") return image_parts(block, where);
  if (type == "document") return document_parts(block, where);
  if (type == "search_result") return search_result_parts(block, where);
  if (type == "tool_reference")  // all tools are declared from the start
    return one(text_part("The tool " + take_text(block, "tool_name") + " can be used."));
  return bad_at(where + ".type", type.empty() ? "a content block needs a 'type', as in \"text\""
                                              : "content of type '" + type + "' is not supported");
}

Result<Json> content_parts(Json& content, const std::string& where) {
  Json parts = Json::array();
  if (content.is_null()) return parts;
  if (content.is_string()) {
    if (!content.get_ref<const std::string&>().empty())
      parts.push_back(text_part(std::move(content.get_ref<std::string&>())));
    return parts;
  }
  if (!content.is_array()) return bad_at(where, "content must be a text or an array of blocks");
  for (std::size_t i = 0; i < content.size(); ++i) {
    auto made = block_parts(content[i], where + "." + std::to_string(i));
    if (!made) return made;
    for (auto& part : *made) parts.push_back(std::move(part));
  }
  return parts;
}

std::string text_of(const Json& parts) {
  std::string text;
  for (const auto& part : parts) {
    const auto own = string_in(part, "text");
    if (own.empty()) continue;
    if (!text.empty()) text += '\n';
    text += own;
  }
  return text;
}

}  // namespace gembal::anthropic
