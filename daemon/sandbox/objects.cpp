#include "daemon/sandbox/objects.hpp"

#include <algorithm>
#include <cstdio>

#include "lib/core/base64.hpp"
#include "lib/core/digest.hpp"

namespace gembal::sandbox {
namespace {

void settle(Objects::Object& object, TimePoint now) {
  auto& to_come = object.to_come;
  while (!to_come.empty() && to_come.front().from <= now) {
    object.json = std::move(to_come.front().json);
    to_come.erase(to_come.begin());
  }
}

}  // namespace

void Received::add(std::string_view bytes) {
  constexpr std::size_t kMost = 1024 * 1024;
  kept_.append(bytes.substr(0, kMost - std::min(kMost, kept_.size())));
  size_ += bytes.size();
  hash_.add(bytes);
}

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
  if (found->second.project != project || found->second.begins > now) return nullptr;
  settle(found->second, now);
  return &found->second;
}

bool Objects::remove(const std::string& name, const std::string& project, TimePoint now) {
  if (!get(name, project, now)) return false;
  objects_.erase(name);
  return true;
}

void Objects::remove_below(const std::string& name) {
  const std::string prefix = name + "/";
  std::erase_if(objects_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
}

Json Objects::list(const std::string& collection, const std::string& member,
                   const std::string& project, std::int64_t page_size, const std::string& token,
                   TimePoint now) {
  const std::string prefix = collection + "/";
  const auto size =
      static_cast<std::size_t>(page_size <= 0 ? 10 : std::min<std::int64_t>(page_size, 100));
  const auto after = base64_decode(token).value_or("");
  Json items = Json::array();
  std::string last;
  bool more = false;
  for (auto it = objects_.upper_bound(std::max(prefix, after)); it != objects_.end(); ++it) {
    auto& [name, object] = *it;
    if (!name.starts_with(prefix)) break;
    if (name.find('/', prefix.size()) != std::string::npos) continue;
    if (object.project != project || object.expires <= now || object.begins > now) continue;
    if (items.size() == size) {
      more = true;
      break;
    }
    settle(object, now);
    items.push_back(object.json);
    last = name;
  }
  Json body = Json::object();
  if (!items.empty()) body[member] = std::move(items);
  if (more) body["nextPageToken"] = base64_encode(last);
  return body;
}

Objects::Upload* Objects::upload(const std::string& id) {
  const auto found = uploads_.find(id);
  return found == uploads_.end() ? nullptr : &found->second;
}

namespace {

Json new_file(const std::string& name, std::string_view display_name, std::string_view mime_type,
              std::uint64_t size, const std::string& sha256, TimePoint now) {
  Json file = {{"name", name}};
  if (!display_name.empty()) file["displayName"] = display_name;
  file["mimeType"] = mime_type;
  file["sizeBytes"] = std::to_string(size);
  file["createTime"] = timestamp(now);
  file["updateTime"] = timestamp(now);
  file["expirationTime"] = timestamp(now + std::chrono::hours{48});
  file["sha256Hash"] = base64_encode(sha256);
  return file;
}

}  // namespace

Json file_json(const std::string& name, const Objects::Upload& upload, const std::string& base_url,
               TimePoint now) {
  Json file =
      new_file(name, string_in(upload.file, "displayName"), string_in(upload.file, "mimeType"),
               upload.bytes.size(), upload.bytes.sha256_hex(), now);
  file["uri"] = base_url + "/v1beta/" + name;
  file["state"] = "ACTIVE";
  file["source"] = "UPLOADED";
  return file;
}

Json generated_file_json(const std::string& name, std::string_view mime_type,
                         std::string_view bytes, const std::string& base_url, TimePoint now) {
  Json file = new_file(name, "", mime_type, bytes.size(), sha256_hex(bytes), now);
  file["uri"] = base_url + "/v1beta/" + name;
  file["downloadUri"] = base_url + "/v1beta/" + name + ":download?alt=media";
  file["state"] = "ACTIVE";
  file["source"] = "GENERATED";
  return file;
}

}  // namespace gembal::sandbox
