// What is kept on the server: files with their uploads, and cached contents.
#include "daemon/sandbox/stored.hpp"

#include <algorithm>

#include "daemon/sandbox/ask.hpp"
#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/fields.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

std::int64_t page_size(const Context& context) {
  const Json parameters = {{"pageSize", context.target.parameter("pageSize")}};
  return integer_in(parameters, "pageSize").value_or(0);
}

Reply empty_reply(const char* upload_status) {
  Reply reply;
  reply.headers = {{"content-type", "text/plain; charset=utf-8"},
                   {"x-goog-upload-status", upload_status}};
  reply.events = {""};
  return reply;
}

Json store_file(Context& context, Objects& objects, const Objects::Upload& upload) {
  std::string name(string_in(upload.file, "name"));
  if (name.empty()) name = "files/" + Dice(context.seed, "file" + context.id).name(12);
  const Json file = file_json(name, upload, base_url(context), context.now);
  objects.put(name,
              {upload.project, file, Json(), upload.bytes, context.now + std::chrono::hours{48}});
  return {{"file", file}};
}

Reply start_upload(Context& context) {
  auto body = read_body(context.request.body, "CreateFileRequest");
  if (body.error) return refuse(context, *body.error);
  Objects::Upload upload;
  upload.project = context.project;
  upload.file = find(body.value, "file") ? body.value["file"] : Json::object();
  upload.file["mimeType"] = header(context.request, "x-goog-upload-header-content-type");
  const std::string id = Dice(context.seed, "upload" + context.id).name(40);
  context.with_objects([&](Objects& objects) { objects.begin_upload(id, std::move(upload)); });
  const std::string url = base_url(context) + "/upload/" + context.target.version +
                          "/files?upload_id=" + id + "&upload_protocol=resumable";
  Reply reply = empty_reply("active");
  reply.headers.insert(reply.headers.end(), {{"x-goog-upload-url", url},
                                             {"x-goog-upload-control-url", url},
                                             {"x-goog-upload-chunk-granularity", "8388608"}});
  return reply;
}

/// One request to a session's URL: `upload`, `upload, finalize`, `finalize`, `query` or `cancel`.
Reply continue_upload(Context& context) {
  const std::string id = context.target.parameter("upload_id");
  const std::string command = lower(header(context.request, "x-goog-upload-command"));
  std::optional<Reply> reply;
  context.with_objects([&](Objects& objects) {
    Objects::Upload* upload = objects.upload(id);
    if (!upload) return;
    if (command == "cancel") {
      objects.end_upload(id);
      reply = empty_reply("cancelled");
      return;
    }
    const bool uploads = command.find("upload") != std::string::npos;
    const Json headers = {{"offset", header(context.request, "x-goog-upload-offset")}};
    const auto offset = integer_in(headers, "offset").value_or(0);
    if (uploads && offset != static_cast<std::int64_t>(upload->bytes.size())) {
      reply = refuse(
          context, invalid_argument("The upload offset does not match the bytes received so far."));
      return;
    }
    if (uploads) upload->bytes += context.request.body;
    if (command.find("finalize") != std::string::npos) {
      reply = json_reply(200, store_file(context, objects, *upload), context.compact());
      reply->headers.emplace_back("x-goog-upload-status", "final");
      objects.end_upload(id);
      return;
    }
    reply = empty_reply("active");
    reply->headers.emplace_back("x-goog-upload-size-received",
                                std::to_string(upload->bytes.size()));
  });
  if (reply) return *reply;
  return refuse(context, plain_error(404, "NOT_FOUND", "The upload session was not found."));
}

/// uploadType=multipart: multipart/related with the metadata first, then the bytes.
Reply multipart_upload(Context& context) {
  const std::string type(header(context.request, "content-type"));
  const auto at = type.find("boundary=");
  const auto bad = [&context] {
    return refuse(context, invalid_argument("Malformed multipart body."));
  };
  if (at == std::string::npos) return bad();
  std::string boundary = type.substr(at + 9, type.find(';', at) - at - 9);
  boundary.erase(std::remove(boundary.begin(), boundary.end(), '"'), boundary.end());
  const std::string mark = "--" + boundary;
  const std::string& body = context.request.body;
  std::vector<std::pair<std::string, std::string>> parts;  // head, bytes
  for (auto start = body.find(mark); start != std::string::npos;) {
    start += mark.size();
    const auto end = body.find("\r\n" + mark, start);
    const auto head_end = body.find("\r\n\r\n", start);
    if (end == std::string::npos || head_end == std::string::npos || head_end > end) break;
    parts.emplace_back(body.substr(start, head_end - start),
                       body.substr(head_end + 4, end - head_end - 4));
    start = end + 2;
  }
  if (parts.size() != 2) return bad();
  auto metadata = read_body(parts[0].second, "CreateFileRequest");
  if (metadata.error) return refuse(context, *metadata.error);
  Objects::Upload upload;
  upload.project = context.project;
  upload.file = find(metadata.value, "file") ? metadata.value["file"] : Json::object();
  upload.bytes = parts[1].second;
  for (const auto& line : split(parts[1].first, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && iequals(trim(line.substr(0, colon)), "content-type")) {
      upload.file["mimeType"] = trim(line.substr(colon + 1));
    }
  }
  Json file;
  context.with_objects([&](Objects& objects) { file = store_file(context, objects, upload); });
  return json_reply(200, file, context.compact());
}

Reply upload(Context& context) {
  if (context.request.method != "POST" && context.request.method != "PUT")
    return refuse(context, no_such_page());
  if (!context.target.parameter("upload_id").empty()) return continue_upload(context);
  if (lower(header(context.request, "x-goog-upload-protocol")) == "resumable")
    return start_upload(context);
  if (context.target.parameter("uploadType") == "multipart" ||
      header(context.request, "x-goog-upload-protocol") == "multipart") {
    return multipart_upload(context);
  }
  return refuse(context, invalid_argument("Unsupported upload protocol."));
}

Json cache_json(const std::string& name, const Json& content, std::int64_t tokens, TimePoint now,
                TimePoint expires) {
  Json json = {{"name", name},
               {"model", content["model"]},
               {"createTime", timestamp(now)},
               {"updateTime", timestamp(now)},
               {"expireTime", timestamp(expires)}};
  json["displayName"] = string_in(content, "displayName");
  json["usageMetadata"] = {{"totalTokenCount", tokens}};
  return json;
}

/// When a cache that says this expires; nullopt: what it says means nothing.
std::optional<TimePoint> expiry_of(const Json& content, TimePoint now) {
  if (find(content, "expireTime")) return parse_iso8601(string_in(content, "expireTime"));
  if (!find(content, "ttl")) return now + std::chrono::hours{1};
  const auto ttl = parse_duration(string_in(content, "ttl"));
  if (!ttl) return std::nullopt;
  return now + *ttl;
}

Reply create_cache(Context& context) {
  auto body = read_body(context.request.body, "CachedContent");
  if (body.error) return refuse(context, *body.error);
  const auto model = string_in(body.value, "model");
  if (!model.starts_with("models/")) {
    return refuse(
        context,
        invalid_argument(
            "* CreateCachedContentRequest.cached_content.model: unexpected model name format\n"));
  }
  if (const Model* known = model_named(model);
      !known || known->kind != ModelKind::text || known->is_gemma()) {
    return refuse(
        context,
        plain_error(404, "NOT_FOUND",
                    std::string(model) + " is not found for API version " + context.target.version +
                        ", or is not supported for createCachedContent. Call ListModels "
                        "to see the list of available models and their supported methods."));
  }
  const auto tokens = prompt_tokens(body.value).total();
  constexpr std::int64_t kFewest = 1024;
  if (tokens < kFewest) {
    return refuse(context, invalid_argument("Cached content is too small. total_token_count=" +
                                            std::to_string(tokens) +
                                            ", min_total_token_count=" + std::to_string(kFewest)));
  }
  const auto expires = expiry_of(body.value, context.now);
  if (!expires)
    return refuse(
        context,
        invalid_argument(
            "Invalid value at 'cached_content.ttl' (type.googleapis.com/google.protobuf.Duration)"));
  const std::string name = "cachedContents/" + Dice(context.seed, "cache" + context.id).name(40);
  const Json json = cache_json(name, body.value, tokens, context.now, *expires);
  context.with_objects([&](Objects& objects) {
    objects.put(name, {context.project, json, body.value, "", *expires});
  });
  return json_reply(200, json, context.compact());
}

Reply update_cache(Context& context, const std::string& name) {
  auto body = read_body(context.request.body, "CachedContent");
  if (body.error) return refuse(context, *body.error);
  const auto expires = expiry_of(body.value, context.now);
  if (!expires) return refuse(context, invalid_argument("Request contains an invalid argument."));
  std::optional<Json> json;
  context.with_objects([&](Objects& objects) {
    auto* object = objects.get(name, context.project, context.now);
    if (!object) return;
    object->expires = *expires;
    object->json["expireTime"] = timestamp(*expires);
    object->json["updateTime"] = timestamp(context.now);
    json = object->json;
  });
  if (json) return json_reply(200, *json, context.compact());
  return refuse(context, *error_named("wrong-cache", "", context.error_context()));
}

/// /files/x:download sends the client on to /download/…, which has the bytes. Only files that the
/// server made can be downloaded.
Reply download(Context& context) {
  const std::string& id = context.target.segments[1];
  std::optional<Objects::Object> file;
  context.with_objects([&](Objects& objects) {
    if (const auto* found = objects.get("files/" + id, context.project, context.now)) file = *found;
  });
  if (!file) return refuse(context, no_access_to_file(id));
  if (string_in(file->json, "source") != "GENERATED")
    return refuse(context, invalid_argument("File " + id + " is not downloadable."));
  if (!context.target.download) {
    const std::string query = context.target.parameter("alt") == "media" ? "?alt=media" : "";
    auto reply = refuse(context, plain_error(302, "UNKNOWN", "Unknown Error."));
    reply.headers.emplace_back("location", base_url(context) + "/download/" +
                                               context.target.version + "/files/" + id +
                                               ":download" + query);
    return reply;
  }
  Reply reply;
  reply.headers = {{"content-type", std::string(string_in(file->json, "mimeType"))},
                   {"content-disposition", "attachment"},
                   {"vary", "Origin, X-Origin, Referer"}};
  reply.events = {std::move(file->bytes)};
  return reply;
}

}  // namespace

std::string base_url(const Context& context) {
  const auto host = header(context.request, "host");
  return "http://" + std::string(host.empty() ? "localhost" : host);
}

Reply get_or_remove(Context& context, const std::string& name, const ApiError& missing) {
  std::optional<Json> json;
  context.with_objects([&](Objects& objects) {
    if (context.request.method == "DELETE") {
      if (objects.remove(name, context.project, context.now)) json = Json::object();
    } else if (const auto* object = objects.get(name, context.project, context.now)) {
      json = object->json;
    }
  });
  return json ? json_reply(200, *json, context.compact()) : refuse(context, missing);
}

Reply list_objects(Context& context, const std::string& collection, const std::string& member) {
  Json page;
  context.with_objects([&](Objects& objects) {
    page = objects.list(collection, member, context.project, page_size(context),
                        context.target.parameter("pageToken"), context.now);
  });
  return json_reply(200, page, context.compact());
}

ApiError no_access_to_file(const std::string& id) {
  return plain_error(
      403, "PERMISSION_DENIED",
      "You do not have permission to access the File " + id + " or it may not exist.");
}

ApiError no_such_entity() {
  return plain_error(404, "NOT_FOUND", "Requested entity was not found.");
}

void keep_generated_file(Context& context, const std::string& name, std::string_view mime_type,
                         std::string bytes, TimePoint begins) {
  Objects::Object file;
  file.project = context.project;
  file.json = generated_file_json(name, mime_type, bytes, base_url(context), begins);
  file.bytes = std::move(bytes);
  file.begins = begins;
  file.expires = begins + std::chrono::hours{48};
  context.with_objects([&](Objects& objects) { objects.put(name, std::move(file)); });
}

Reply answer_files(Context& context) {
  const auto& target = context.target;
  const auto& verb = context.request.method;
  if (target.upload) return upload(context);
  if (target.segments.size() == 1 && verb == "GET") return list_objects(context, "files", "files");
  if (target.segments.size() != 2 || (verb != "GET" && verb != "DELETE"))
    return refuse(context, no_such_page());
  if (target.method == "download" && verb == "GET") return download(context);
  if (!target.method.empty() || target.download) return refuse(context, no_such_page());
  return get_or_remove(context, "files/" + target.segments[1],
                       no_access_to_file(target.segments[1]));
}

Reply answer_caches(Context& context) {
  const auto& segments = context.target.segments;
  const auto& verb = context.request.method;
  if (segments.size() == 1 && verb == "POST") return create_cache(context);
  if (segments.size() == 1 && verb == "GET")
    return list_objects(context, "cachedContents", "cachedContents");
  if (segments.size() != 2) return refuse(context, no_such_page());
  const std::string name = "cachedContents/" + segments[1];
  if (verb == "PATCH") return update_cache(context, name);
  if (verb != "GET" && verb != "DELETE") return refuse(context, no_such_page());
  return get_or_remove(context, name, *error_named("wrong-cache", "", context.error_context()));
}

}  // namespace gembal::sandbox
