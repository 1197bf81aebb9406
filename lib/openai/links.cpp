#include "lib/openai/links.hpp"

#include <algorithm>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/media.hpp"

namespace gembal::openai {
namespace {

constexpr int kDeepest = 3;  // a tool's result within a message has parts of its own

/// Without scheme, port and what follows, in lower case.
std::string host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find_first_of("/?#"));
  return lower(url.substr(0, url.find(':')));
}

bool is_models_own(std::string_view url, std::string_view upstream) {
  if (!upstream.empty() && url.starts_with(upstream)) return true;
  const auto host = host_of(url);
  return host == "youtu.be" || host == "youtube.com" || host.ends_with(".youtube.com") ||
         host == "generativelanguage.googleapis.com";
}

bool is_web_link(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return iequals(std::string_view(text).substr(0, 7), "http://") ||
         iequals(std::string_view(text).substr(0, 8), "https://");
}

class Search {
 public:
  explicit Search(std::string_view upstream) : upstream_(upstream) {}

  void look_into_messages(Json& list, const std::string& param) {
    if (!list.is_array()) return;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto own = param + "[" + std::to_string(i) + "]";
      look_into(list[i], "content", own, 0);
      look_into(list[i], "output", own, 0);
    }
  }

  std::vector<ContentLink> found;

 private:
  void look_into(Json& holder, const char* name, const std::string& param, int depth) {
    if (!holder.is_object() || depth > kDeepest) return;
    const auto parts = holder.find(name);
    if (parts == holder.end() || !parts->is_array()) return;
    for (std::size_t i = 0; i < parts->size(); ++i) {
      auto& part = (*parts)[i];
      const auto own = param + "." + name + "[" + std::to_string(i) + "]";
      look_at(part, own);
      look_into(part, "content", own, depth + 1);
    }
  }

  void look_at(Json& part, const std::string& param) {
    const std::string type(string_in(part, "type"));
    if (type == "image_url" || type == "video_url" || type == "audio_url") {
      add_member(part, type, param, type.substr(0, 5));
    } else if (type == "input_image") {
      add_member(part, "image_url", param, "image");
    } else if (type == "file") {
      if (const auto file = part.find("file"); file != part.end()) {
        for (const char* name : {"file_url", "file_data", "file_id"})
          add_text(*file, name, param + ".file", "file");
      }
    } else if (type == "input_file") {
      for (const char* name : {"file_url", "file_data", "file_id"})
        add_text(part, name, param, "file");
    } else if (type == "image" || type == "document") {
      const auto source = part.find("source");
      if (source == part.end() || string_in(*source, "type") != "url") return;
      const Json* url = find(*source, "url");
      if (url) add(*url, *source, param + ".source.url", type == "image" ? "image" : "file", true);
    }
  }

  /// A link that is the member itself, or its `url`.
  void add_member(Json& part, const std::string& name, const std::string& param,
                  const std::string& what) {
    const auto member = part.find(name);
    if (member == part.end()) return;
    if (member->is_object()) {
      add_text(*member, "url", param + "." + name, what);
    } else {
      add(*member, *member, param + "." + name, what, false);
    }
  }

  void add_text(Json& object, const char* name, const std::string& param, const std::string& what) {
    if (!object.is_object()) return;
    const auto member = object.find(name);
    if (member != object.end()) add(*member, *member, param + "." + name, what, false);
  }

  void add(const Json& url, Json& place, const std::string& param, const std::string& what,
           bool is_source) {
    if (!is_web_link(url)) return;
    const auto& text = url.get_ref<const std::string&>();
    if (!is_models_own(text, upstream_)) found.push_back({text, param, what, &place, is_source});
  }

  std::string_view upstream_;
};

}  // namespace

std::vector<ContentLink> links_in(Json& request, std::string_view upstream) {
  Search search(upstream);
  if (!request.is_object()) return {};
  for (const char* name : {"messages", "input"}) {
    if (const auto list = request.find(name); list != request.end())
      search.look_into_messages(*list, name);
  }
  return std::move(search.found);
}

Result<void> fill(const ContentLink& link, std::string_view bytes, std::string_view declared) {
  if (bytes.empty()) return Error{ErrorKind::bad_request, "it is empty", ""};
  auto type = gemini::settle_mime_type(declared, bytes.substr(0, 1'024));
  if (!type) return std::move(type).error();
  // What is no picture is a page that says so, more often than not.
  if (link.what == "image" && type->starts_with("text/"))
    return Error{ErrorKind::bad_request, "it is no image", ""};
  if (link.is_source) {
    Json source = {{"type", "base64"}, {"media_type", *std::move(type)}};
    std::string data;
    append_base64(data, bytes);
    source["data"] = std::move(data);
    *link.place = std::move(source);
    return {};
  }
  auto url = "data:" + *type + ";base64,";
  append_base64(url, bytes);
  *link.place = std::move(url);
  return {};
}

Error link_error(const ContentLink& link, std::string_view shown, Error reason) {
  if (reason.kind != ErrorKind::bad_request) return reason;
  reason.message =
      "the " + link.what + " at " + std::string(shown) + " could not be fetched: " + reason.message;
  reason.param = link.param;
  return reason;
}

}  // namespace gembal::openai
