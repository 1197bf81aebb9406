// File search stores: documents come by upload or out of a file, each by way of an operation.
#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/fields.hpp"
#include "daemon/sandbox/stored.hpp"

namespace gembal::sandbox {
namespace {

constexpr Milliseconds kIndexes{1000};
/// Stores stay until they are deleted.
constexpr auto kLives = std::chrono::hours{24 * 365 * 10};

constexpr const char* kTypes = "type.googleapis.com/google.ai.generativelanguage.v1main.";

/// "My notes.txt" is called "mynotestxt-" and twelve characters.
std::string id_from(std::string_view display_name, Dice& dice) {
  std::string id;
  for (const char c : display_name.substr(0, 40)) {
    if (c >= 'A' && c <= 'Z') id += static_cast<char>(c + 32);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) id += c;
  }
  return (id.empty() ? "" : id + "-") + dice.name(12);
}

ApiError no_access_to(const char* what, const std::string& id) {
  return plain_error(403, "PERMISSION_DENIED",
                     std::string("You do not have permission to access the ") + what + " " + id +
                         " or it may not exist.");
}

Reply create_store(Context& context) {
  const auto body = read_body(context.request.body, "FileSearchStore");
  if (body.error) return refuse(context, *body.error);
  Dice dice(context.seed, "store" + context.id);
  const auto display_name = string_in(body.value, "displayName");
  const std::string name = "fileSearchStores/" + id_from(display_name, dice);
  Json json = {{"name", name}};
  if (!display_name.empty()) json["displayName"] = display_name;
  json["createTime"] = timestamp(context.now);
  json["updateTime"] = timestamp(context.now);
  json["embeddingModel"] = "models/gemini-embedding-001";
  context.with_objects([&](Objects& objects) {
    objects.put(name, {context.project, json, Json(), "", context.now + kLives});
  });
  return json_reply(200, json, context.compact());
}

/// DELETE of a store or a document; what has something in it only goes by force.
Reply remove(Context& context, const std::string& name, const char* what, bool is_empty,
             const ApiError& missing) {
  const bool force = context.target.parameter("force") == "true";
  bool found = false;
  context.with_objects([&](Objects& objects) {
    found = objects.get(name, context.project, context.now) != nullptr;
    if (!found || !(force || is_empty)) return;
    objects.remove(name, context.project, context.now);
    objects.remove_below(name);
  });
  if (!found) return refuse(context, missing);
  if (!force && !is_empty) {
    return refuse(context, plain_error(400, "FAILED_PRECONDITION",
                                       std::string("Cannot delete non-empty ") + what + "."));
  }
  return json_reply(200, Json::object(), context.compact());
}

Reply import_file(Context& context, const std::string& store) {
  const auto body = read_body(context.request.body, "ImportFileRequest");
  if (body.error) return refuse(context, *body.error);
  const std::string file(string_in(body.value, "fileName"));
  std::optional<Json> imported;
  context.with_objects([&](Objects& objects) {
    if (const auto* object = objects.get(file, context.project, context.now))
      imported = object->json;
  });
  if (!imported || !file.starts_with("files/"))
    return refuse(context, no_access_to_file(file.substr(file.find('/') + 1)));
  const auto display_name = string_in(*imported, "displayName");
  Json operation;
  context.with_objects([&](Objects& objects) {
    operation = add_document(
        context, objects,
        {context.project, store, std::string(display_name.empty() ? file : display_name),
         std::string(string_in(*imported, "mimeType")),
         std::string(string_in(*imported, "sizeBytes")), "ImportFileResponse", "/operations/"});
  });
  return json_reply(200, {{"name", operation["name"]}}, context.compact());
}

Reply answer_documents(Context& context, const std::string& store) {
  const auto& segments = context.target.segments;
  const auto& verb = context.request.method;
  if (segments.size() == 3 && verb == "GET")
    return list_objects(context, store + "/documents", "documents");
  if (segments.size() != 4) return refuse(context, no_such_page());
  const auto missing = no_access_to("Document", segments[3]);
  const std::string name = store + "/documents/" + segments[3];
  if (verb == "GET") return get_or_remove(context, name, missing);
  if (verb == "DELETE") return remove(context, name, "Document", false, missing);
  return refuse(context, no_such_page());
}

/// The part of the path after the store: "/operations/x", "/upload/operations/x".
std::string rest_of(const std::vector<std::string>& segments) {
  std::string rest;
  for (std::size_t i = 2; i < segments.size(); ++i) rest += "/" + segments[i];
  return rest;
}

}  // namespace

ApiError no_access_to_store(const std::string& id) { return no_access_to("FileSearchStore", id); }

Json add_document(Context& context, Objects& objects, const NewDocument& document) {
  Dice dice(context.seed, "document" + context.id);
  const std::string id = id_from(document.display_name, dice);
  const std::string name = document.store + "/documents/" + id;
  const auto ready = context.now + kIndexes;
  const auto expires = context.now + kLives;
  Json json = {{"name", name},
               {"displayName", document.display_name},
               {"updateTime", timestamp(context.now)},
               {"createTime", timestamp(context.now)},
               {"state", "STATE_PENDING"},
               {"sizeBytes", document.size_bytes},
               {"mimeType", document.mime_type}};
  Json active = json;
  active["state"] = "STATE_ACTIVE";
  active["updateTime"] = timestamp(ready);
  objects.put(name, {document.project, json, Json(), "", expires, {}, {{ready, active}}});

  const std::string operation = document.store + document.operations + id;
  Json response = {
      {"@type", kTypes + document.answer}, {"parent", document.store}, {"documentName", name}};
  if (!document.mime_type.empty()) response["mimeType"] = document.mime_type;
  response["sizeBytes"] = document.size_bytes;
  const Json done = {{"name", operation}, {"done", true}, {"response", response}};
  objects.put(operation, {document.project,
                          {{"name", operation}},
                          Json(),
                          "",
                          context.now + std::chrono::hours{48},
                          {},
                          {{ready, done}}});
  return {{"name", operation}, {"response", std::move(response)}};
}

Reply answer_file_search(Context& context) {
  const auto& target = context.target;
  const auto& verb = context.request.method;
  const auto& segments = target.segments;
  if (segments.size() == 1 && target.method.empty()) {
    if (verb == "POST") return create_store(context);
    if (verb == "GET") return list_objects(context, "fileSearchStores", "fileSearchStores");
  }
  if (segments.size() < 2) return refuse(context, no_such_page());

  const std::string store = "fileSearchStores/" + segments[1];
  const auto missing = no_access_to_store(segments[1]);
  bool found = false;
  bool is_empty = true;
  context.with_objects([&](Objects& objects) {
    found = objects.get(store, context.project, context.now) != nullptr;
    is_empty = objects.list(store + "/documents", "documents", context.project, 1, "", context.now)
                   .empty();
  });
  if (!found) return refuse(context, missing);
  if (target.method == "importFile" && verb == "POST" && segments.size() == 2)
    return import_file(context, store);
  if (!target.method.empty()) return refuse(context, no_such_page());
  if (segments.size() == 2) {
    if (verb == "GET") return get_or_remove(context, store, missing);
    if (verb == "DELETE") return remove(context, store, "FileSearchStore", is_empty, missing);
    return refuse(context, no_such_page());
  }
  if (segments[2] == "documents") return answer_documents(context, store);
  if (verb == "GET" && (segments[2] == "operations" || segments[2] == "upload"))
    return get_or_remove(context, store + rest_of(segments), no_such_entity());
  return refuse(context, no_such_page());
}

}  // namespace gembal::sandbox
