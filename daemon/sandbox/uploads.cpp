// Uploads: the resumable protocol, for files and for documents of a file search store; multipart
// for files.
#include <algorithm>

#include "daemon/sandbox/dice.hpp"
#include "daemon/sandbox/fields.hpp"
#include "daemon/sandbox/stored.hpp"
#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

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
  objects.put(name, {upload.project, file, Json(), upload.bytes.kept(),
                     context.now + std::chrono::hours{48}});
  return {{"file", file}};
}

/// The document that an upload to a file search store becomes.
Json store_document(Context& context, Objects& objects, const Objects::Upload& upload) {
  return add_document(
      context, objects,
      {upload.project, upload.store, std::string(string_in(upload.file, "displayName")),
       std::string(string_in(upload.file, "mimeType")), std::to_string(upload.bytes.size()),
       "UploadToFileSearchStoreResponse", "/upload/operations/"});
}

/// `store`: "fileSearchStores/x", or "" for a file.
Reply start_upload(Context& context, const std::string& store) {
  auto body = read_body(context.request.body,
                        store.empty() ? "CreateFileRequest" : "UploadToFileSearchStoreRequest");
  if (body.error) return refuse(context, *body.error);
  Objects::Upload upload;
  upload.project = context.project;
  upload.store = store;
  if (!store.empty()) {
    upload.file = body.value;
  } else {
    upload.file = find(body.value, "file") ? body.value["file"] : Json::object();
  }
  if (const auto type = header(context.request, "x-goog-upload-header-content-type");
      !type.empty() || store.empty()) {
    upload.file["mimeType"] = type;
  }
  const std::string id = Dice(context.seed, "upload" + context.id).name(40);
  context.with_objects([&](Objects& objects) { objects.begin_upload(id, std::move(upload)); });
  const std::string path = store.empty() ? "files" : store + ":uploadToFileSearchStore";
  const std::string url = base_url(context) + "/upload/" + context.target.version + "/" + path +
                          "?upload_id=" + id + "&upload_protocol=resumable";
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
    if (uploads) upload->bytes.add(context.request.body);
    if (command.find("finalize") != std::string::npos) {
      reply = json_reply(200,
                         upload->store.empty() ? store_file(context, objects, *upload)
                                               : store_document(context, objects, *upload),
                         context.compact());
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
  const std::string_view body = context.request.body;
  std::vector<std::pair<std::string_view, std::string_view>> parts;  // head, bytes
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
  upload.bytes.add(parts[1].second);
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

}  // namespace

Reply answer_upload(Context& context) {
  if (context.request.method != "POST" && context.request.method != "PUT")
    return refuse(context, no_such_page());
  if (!context.target.parameter("upload_id").empty()) return continue_upload(context);
  std::string store;
  if (const auto& segments = context.target.segments; segments[0] == "fileSearchStores") {
    if (segments.size() != 2 || context.target.method != "uploadToFileSearchStore")
      return refuse(context, no_such_page());
    store = "fileSearchStores/" + segments[1];
    bool found = false;
    context.with_objects([&](Objects& objects) {
      found = objects.get(store, context.project, context.now) != nullptr;
    });
    if (!found) return refuse(context, no_access_to_store(segments[1]));
  }
  if (lower(header(context.request, "x-goog-upload-protocol")) == "resumable")
    return start_upload(context, store);
  if (store.empty() && (context.target.parameter("uploadType") == "multipart" ||
                        header(context.request, "x-goog-upload-protocol") == "multipart")) {
    return multipart_upload(context);
  }
  return refuse(context, invalid_argument("Unsupported upload protocol."));
}

}  // namespace gembal::sandbox
