#include "daemon/object_owners.hpp"

#include <algorithm>
#include <array>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/core/time.hpp"
#include "lib/sse/parser.hpp"

namespace gembal::daemon {
namespace {

using std::chrono::hours;

/// How long objects live that do not say it themselves.
struct Kind {
  std::string_view collection;
  hours life;
};
constexpr hours kDay{24};
constexpr std::array<Kind, 10> kKinds = {{{"files", 2 * kDay},
                                          {"cachedContents", 7 * kDay},
                                          {"batches", 60 * kDay},
                                          {"fileSearchStores", 3650 * kDay},
                                          {"interactions", 60 * kDay},
                                          {"tunedModels", 3650 * kDay},
                                          {"agents", 3650 * kDay},
                                          {"environments", 60 * kDay},
                                          {"triggers", 3650 * kDay},
                                          {"videos", 7 * kDay}}};
constexpr hours kOperationLife = 7 * kDay;

const Kind* kind_of(std::string_view name) {
  const auto collection = name.substr(0, name.find('/'));
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const Kind& kind) { return kind.collection == collection; });
  return found == kKinds.end() ? nullptr : &*found;
}

bool is_operation(std::string_view name) {
  return name.find("/operations/") != std::string_view::npos;
}

/// "files/x" of "https://host/v1beta/files/x:download?alt=media".
std::string file_in_uri(std::string_view uri) {
  const auto at = uri.find("/files/");
  if (at == std::string_view::npos) return "";
  return object_of_path(uri.substr(at, uri.find('?') - at));
}

TimePoint expiry(const Json& object, std::string_view name, TimePoint now) {
  for (const auto* member : {"expirationTime", "expireTime"}) {
    if (const auto time = parse_iso8601(string_in(object, member))) return *time;
  }
  if (is_operation(name)) return now + kOperationLife;
  const auto* kind = kind_of(name);
  return now + (kind ? kind->life : kOperationLife);
}

void add_named(const Json& object, TimePoint now, std::vector<MadeObject>& made) {
  const std::string name(string_in(object, "name"));
  if (name.find('/') == std::string::npos) return;
  if (is_operation(name) || kind_of(name)) made.push_back({name, expiry(object, name, now)});
}

/// The files that a result points at, however deep.
void add_files(const Json& value, TimePoint now, std::vector<MadeObject>& made, int depth = 0) {
  if (depth > 12 || made.size() > 100) return;
  if (value.is_array()) {
    for (const auto& one : value) add_files(one, now, made, depth + 1);
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [member, inner] : value.items()) {
    if ((member == "uri" || member == "fileName" || member == "responsesFile") &&
        inner.is_string()) {
      const auto text = inner.get<std::string>();
      const auto file = text.starts_with("files/") ? text : file_in_uri(text);
      if (!file.empty()) made.push_back({file, expiry(Json::object(), file, now)});
    } else {
      add_files(inner, now, made, depth + 1);
    }
  }
}

}  // namespace

void ObjectOwners::learn(const std::vector<store::ObjectOwner>& objects, TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (const auto& object : objects) {
    if (object.expires <= now) {
      by_name_.erase(object.name);
    } else {
      by_name_[object.name] = object;
    }
  }
}

std::optional<store::ObjectOwner> ObjectOwners::find(const std::string& name, TimePoint now) const {
  const std::lock_guard lock(mutex_);
  const auto known = by_name_.find(name);
  if (known == by_name_.end() || known->second.expires <= now) return std::nullopt;
  return known->second;
}

void ObjectOwners::forget_old(TimePoint now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_name_, [now](const auto& entry) { return entry.second.expires <= now; });
}

std::size_t ObjectOwners::size() const {
  const std::lock_guard lock(mutex_);
  return by_name_.size();
}

std::string object_of_path(std::string_view path) {
  if (path.starts_with("/download/") || path.starts_with("/upload/")) {
    path.remove_prefix(path.find('/', 1));  // "/v1beta/files/x"
    const auto rest = path.find('/', 1);
    if (rest == std::string_view::npos) return "";
    path.remove_prefix(rest);
  }
  const auto parts = split(path, '/');  // "", "files", "x:download"
  if (parts.size() < 3 || !parts[0].empty() || parts[2].empty()) return "";
  const auto without_verb = [](std::string_view part) {
    return percent_decode(part.substr(0, part.find(':')));
  };
  if (parts[1] == "models") {
    if (parts.size() < 5 || parts[3] != "operations") return "";
    return "models/" + percent_decode(parts[2]) + "/operations/" + without_verb(parts[4]);
  }
  if (!kind_of(parts[1])) return "";
  return std::string(parts[1]) + "/" + without_verb(parts[2]);
}

std::string object_of_openai_path(std::string_view path) {
  auto decoded = percent_decode(path);
  for (const std::string collection : {"/files", "/batches", "/videos"}) {
    const auto prefix = "/openai" + collection + "/";
    if (!decoded.starts_with(prefix)) continue;
    auto rest = std::string_view(decoded).substr(prefix.size() - 1);  // "/batches/x", or "/x"
    if (rest.starts_with(collection + "/")) rest.remove_prefix(collection.size());
    return object_of_path(collection + std::string(rest));
  }
  return "";
}

bool makes_object(std::string_view method, std::string_view path) {
  if (method != "POST") return false;
  if (path == "/interactions") return true;
  if (path.size() > 1 && path.find('/', 1) == std::string_view::npos && kind_of(path.substr(1)))
    return true;
  for (const std::string_view verb :
       {":batchGenerateContent", ":asyncBatchEmbedContent", ":predictLongRunning", ":importFile",
        ":uploadToFileSearchStore", ":register"}) {
    if (path.ends_with(verb)) return true;
  }
  return false;
}

std::vector<MadeObject> objects_in_reply(std::string_view body, TimePoint now) {
  std::vector<MadeObject> made;
  const auto reply = parse_json(body);
  if (!reply || !reply->is_object()) return made;
  add_named(*reply, now, made);
  if (const Json* file = find(*reply, "file")) add_named(*file, now, made);
  if (string_in(*reply, "object") == "interaction" || find(*reply, "steps") ||
      find(*reply, "outputs")) {
    const std::string id(string_in(*reply, "id"));
    if (!id.empty()) made.push_back({"interactions/" + id, expiry(*reply, "interactions/x", now)});
  }
  for (const auto* member : {"response", "metadata"}) {
    if (const Json* inner = find(*reply, member)) add_files(*inner, now, made);
  }
  return made;
}

std::vector<MadeObject> objects_in_openai_reply(std::string_view body, TimePoint now) {
  std::vector<MadeObject> made;
  const auto reply = parse_json(body);
  if (!reply || !reply->is_object()) return made;
  const auto add = [&](const std::string& collection, std::string_view id) {
    if (id.empty()) return;
    const std::string name =
        id.starts_with(collection) ? std::string(id) : collection + std::string(id);
    made.push_back({name, expiry(Json::object(), name, now)});
  };
  for (const auto& [kind, collection] :
       {std::pair{"file", "files/"}, std::pair{"batch", "batches/"},
        std::pair{"video", "videos/"}}) {
    if (string_in(*reply, "object") == kind) add(collection, string_in(*reply, "id"));
  }
  for (const auto* member : {"output_file_id", "error_file_id"})
    add("files/", string_in(*reply, member));
  return made;
}

std::optional<MadeObject> interaction_in_events(std::string_view events, TimePoint now) {
  sse::Parser parser;
  parser.feed(events);
  while (const auto event = parser.next()) {
    const auto json = parse_json(event->data);
    if (!json || !json->is_object()) continue;
    const Json* interaction = find(*json, "interaction");
    std::string id(string_in(interaction ? *interaction : *json, "id"));
    if (id.empty()) id = string_in(*json, "interaction_id");
    if (id.empty()) continue;
    return MadeObject{"interactions/" + id, expiry(*json, "interactions/x", now)};
  }
  return std::nullopt;
}

}  // namespace gembal::daemon
