#include "daemon/sandbox/objects.hpp"

#include <algorithm>
#include <cstdio>

#include "lib/core/base64.hpp"
#include "lib/core/digest.hpp"

namespace gembal::sandbox {

std::string timestamp(TimePoint time) {
  std::string text = to_iso8601(time);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ",
                static_cast<int>(to_unix_milliseconds(time) % 1000));
  text.pop_back();
  return text + fraction;
}

Objects::Object* Objects::get(const std::string& name, const std::string& project, TimePoint now) {
  const auto found = objects_.find(name);
  if (found == objects_.end()) return nullptr;
  if (found->second.expires <= now) {
    objects_.erase(found);
    return nullptr;
  }
  return found->second.project == project ? &found->second : nullptr;
}

bool Objects::remove(const std::string& name, const std::string& project, TimePoint now) {
  if (!get(name, project, now)) return false;
  objects_.erase(name);
  return true;
}

Json Objects::list(const std::string& collection, const std::string& project,
                   std::int64_t page_size, const std::string& token, TimePoint now) const {
  const auto size =
      static_cast<std::size_t>(page_size <= 0 ? 10 : std::min<std::int64_t>(page_size, 100));
  const auto after = base64_decode(token).value_or("");
  Json items = Json::array();
  std::string last;
  bool more = false;
  for (auto it = objects_.upper_bound(std::max(collection + "/", after)); it != objects_.end();
       ++it) {
    const auto& [name, object] = *it;
    if (!name.starts_with(collection + "/")) break;
    if (object.project != project || object.expires <= now) continue;
    if (items.size() == size) {
      more = true;
      break;
    }
    items.push_back(object.json);
    last = name;
  }
  Json body = Json::object();
  if (!items.empty()) body[collection] = std::move(items);
  if (more) body["nextPageToken"] = base64_encode(last);
  return body;
}

Objects::Upload* Objects::upload(const std::string& id) {
  const auto found = uploads_.find(id);
  return found == uploads_.end() ? nullptr : &found->second;
}

Json file_json(const std::string& name, const Objects::Upload& upload, const std::string& base_url,
               TimePoint now) {
  Json file = {{"name", name}};
  if (const auto display = string_in(upload.file, "displayName"); !display.empty())
    file["displayName"] = display;
  file["mimeType"] = string_in(upload.file, "mimeType");
  file["sizeBytes"] = std::to_string(upload.bytes.size());
  file["createTime"] = timestamp(now);
  file["updateTime"] = timestamp(now);
  file["expirationTime"] = timestamp(now + std::chrono::hours{48});
  file["sha256Hash"] = base64_encode(sha256_hex(upload.bytes));
  file["uri"] = base_url + "/v1beta/" + name;
  file["state"] = "ACTIVE";
  file["source"] = "UPLOADED";
  return file;
}

}  // namespace gembal::sandbox
