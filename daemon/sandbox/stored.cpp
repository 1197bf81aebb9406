// What is kept on the server: files, once they are uploaded, and cached contents.
#include "daemon/sandbox/stored.hpp"

#include "daemon/sandbox/ask.hpp"
#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/fields.hpp"

namespace gembal::sandbox {
namespace {

std::int64_t page_size(const Context& context) {
  const Json parameters = {{"pageSize", context.target.parameter("pageSize")}};
  return integer_in(parameters, "pageSize").value_or(0);
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
  if (const auto error = refuse_references(context, body.value)) return refuse(context, *error);
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

/// The id in the URI of a file of this API, wherever its server is said to be: clients quote the
/// URI that they were given, and others, such as a video's on the web, are not looked up. "": no
/// file.
std::string file_in(std::string_view uri) {
  for (const std::string_view before : {"/v1beta/files/", "/v1/files/", "/v1alpha/files/"}) {
    const auto at = uri.find(before);
    if (at == std::string_view::npos) continue;
    const auto id = uri.substr(at + before.size());
    return std::string(id.substr(0, id.find_first_of("/:?")));
  }
  return "";
}

/// The names in a fileSearch tool, which read_body() takes as it is: in either spelling.
std::vector<std::string> stores_in(const Json& search) {
  std::vector<std::string> stores;
  for (const char* name : {"fileSearchStoreNames", "file_search_store_names"}) {
    const Json* names = find(search, name);
    if (!names || !names->is_array()) continue;
    for (const auto& store : *names) {
      if (store.is_string()) stores.push_back(store.get<std::string>());
    }
  }
  return stores;
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

std::optional<ApiError> refuse_references(Context& context, const Json& body) {
  std::optional<ApiError> error;
  const auto check = [&](const Json& content) {
    const Json* parts = find(content, "parts");
    for (const auto& part : parts ? *parts : Json::array()) {
      const Json* data = find(part, "fileData");
      const std::string id = data ? file_in(string_in(*data, "fileUri")) : "";
      if (id.empty() || error) continue;
      context.with_objects([&](Objects& objects) {
        if (!objects.get("files/" + id, context.project, context.now))
          error = no_access_to_file(id);
      });
    }
  };
  if (const Json* contents = find(body, "contents")) {
    for (const auto& content : *contents) check(content);
  }
  if (const Json* system = find(body, "systemInstruction")) check(*system);
  const Json* tools = find(body, "tools");
  for (const auto& tool : tools ? *tools : Json::array()) {
    const Json* search = find(tool, "fileSearch");
    for (const auto& store : search ? stores_in(*search) : std::vector<std::string>()) {
      context.with_objects([&](Objects& objects) {
        if (!error && !objects.get(store, context.project, context.now))
          error = no_access_to_store(store.substr(store.find('/') + 1));
      });
    }
  }
  return error;
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
  if (target.upload) return answer_upload(context);
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
