#include "lib/openai/content_parts.hpp"

#include <map>

#include "lib/core/json_object.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/media.hpp"
#include "lib/openai/bad_request.hpp"

namespace gembal::openai {
namespace {

/// A link that upstream itself can open.
Json file_data(std::string_view url) {
  Json file = {{"fileUri", url}};
  static const std::map<std::string_view, std::string_view> kTypes = {
      {".png", "image/png"},   {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
      {".webp", "image/webp"}, {".gif", "image/gif"},  {".pdf", "application/pdf"},
      {".mp4", "video/mp4"},   {".mp3", "audio/mp3"}};
  const auto path = url.substr(0, url.find_first_of("?#"));
  if (const auto dot = path.rfind('.'); dot != std::string_view::npos) {
    if (const auto type = kTypes.find(lower(path.substr(dot))); type != kTypes.end())
      file["mimeType"] = type->second;
  }
  Json part;
  part["fileData"] = std::move(file);
  return part;
}

Result<Json> inlined(Result<gemini::Media> media) {
  if (!media) return std::move(media).error();
  return gemini::inline_data(*std::move(media));
}

/// The media behind a link; `what` names it to people.
Result<Json> linked(std::string url, const Place& where, const char* what) {
  const bool is_link =
      url.starts_with("https://") || url.starts_with("http://") || url.starts_with("gs://");
  if (is_link) return file_data(url);
  if (gemini::is_data_url(url)) return inlined(gemini::read_data_url(std::move(url), where.text()));
  return bad_at(where,
                std::string("the ") + what + " needs a URL: data:<type>;base64,... or https://...");
}

/// "image_url", "video_url" and "audio_url" of chat hold a URL or an object with one; "input_image"
/// of the Responses API a URL.
Result<Json> link_part(Json& part, const std::string& type, const Place& where) {
  const std::string member = type == "input_image" ? "image_url" : type;
  const auto what = member.substr(0, member.find('_'));
  if (!part.contains(member)) {
    if (auto id = take_text(part, "file_id"); !id.empty())
      return linked(std::move(id), where, "file");
    return bad_at(where + "." + member, "'" + member + "' is missing");
  }
  Json& link = part[member];
  auto url = link.is_string() ? std::move(link.get_ref<std::string&>()) : take_text(link, "url");
  return linked(std::move(url), where + "." + member, what.c_str());
}

Result<Json> audio_part(Json& part, const Place& where) {
  Json* audio = part.contains("input_audio") ? &part["input_audio"] : nullptr;
  auto data = audio ? take_text(*audio, "data") : std::string();
  if (data.empty()) return bad_at(where + ".input_audio", "'input_audio' needs data in base64");
  auto format = lower(take_text(*audio, "format"));
  if (format.empty())
    return bad_at(where + ".input_audio.format", "'format' is missing, as in wav or mp3");
  if (format == "pcm16") format = "L16;rate=24000";
  if (gemini::is_data_url(data)) return linked(std::move(data), where, "audio");
  return inlined(
      gemini::read_base64(std::move(data), "audio/" + format, where + ".input_audio.data"));
}

/// "file" of chat and "input_file" of the Responses API.
Result<Json> file_part(Json& part, const Place& where) {
  Json& file = part.contains("file") && part["file"].is_object() ? part["file"] : part;
  for (const char* place : {"file_data", "file_url", "file_id"}) {
    auto url = take_text(file, place);
    if (url.empty()) continue;
    if (std::string_view(place) == "file_id" && url.starts_with("files/"))
      return file_data("https://generativelanguage.googleapis.com/v1beta/" + url);
    if (std::string_view(place) != "file_id" || url.find("://") != std::string::npos)
      return linked(std::move(url), where + "." + place, "file");
    return bad_at(
        where + "." + place,
        "this file is not known here: give 'file_data' as a data URL, or the URI of a Gemini file");
  }
  return bad_at(where, "a file needs 'file_data' as a data URL");
}

bool is_thinking(std::string_view type) {
  return type == "thinking" || type == "reasoning" || type == "redacted_thinking" ||
         type == "reasoning_text" || type == "summary_text";
}

/// One part of a content array. A null result: nothing to send.
Result<Json> translate_part(Json& part, const Place& where) {
  if (part.is_string()) return object_of("text", std::move(part));
  if (!part.is_object()) return bad_at(where, "a part must be an object with a 'type'");
  const auto type = string_in(part, "type");
  if (type == "text" || type == "input_text" || type == "output_text" || type == "refusal") {
    auto text = take_text(part, type == "refusal" ? "refusal" : "text");
    return text.empty() ? Json() : object_of("text", std::move(text));
  }
  if (type == "image_url" || type == "video_url" || type == "audio_url" || type == "input_image")
    return link_part(part, std::string(type), where);
  if (type == "input_audio") return audio_part(part, where);
  if (type == "file" || type == "input_file") return file_part(part, where);
  if (is_thinking(type)) return Json();
  return bad_at(where + ".type",
                type.empty() ? "a part needs a 'type', as in \"text\""
                             : "content of type '" + std::string(type) + "' is not supported");
}

}  // namespace

Result<Json> content_parts(Json& content, const Place& where) {
  Json parts = empty_array();
  if (content.is_null()) return parts;
  if (content.is_string()) {
    if (!content.get_ref<const std::string&>().empty())
      parts.push_back(object_of("text", std::move(content)));
    return parts;
  }
  if (!content.is_array()) return bad_at(where, "'content' must be a text or an array of parts");
  for (std::size_t i = 0; i < content.size(); ++i) {
    auto translated = translate_part(content[i], where[i]);
    if (!translated) return std::move(translated).error();
    if (!translated->is_null()) parts.push_back(*std::move(translated));
  }
  return parts;
}

std::string text_of(const Json& parts) {
  std::string text;
  for (const auto& part : parts) text += string_in(part, "text");
  return text;
}

}  // namespace gembal::openai
