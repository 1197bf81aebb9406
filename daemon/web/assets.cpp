#include "daemon/web/assets.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>

#include "daemon/web/embedded_file.hpp"

namespace gembal::daemon::web {
namespace {

std::string_view content_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "text/plain; charset=utf-8";
}

/// All assets with what they own.
class Assets {
 public:
  Assets() {
    const std::span files(embedded::web, embedded::web_count);
    for (const auto& file : files) {
      const std::string_view name = file.name;
      if (name.ends_with(".gz")) continue;
      const auto gzip = std::ranges::find(files, std::string(name) + ".gz", [](const auto& other) {
        return std::string(other.name);
      });
      if (gzip == files.end()) continue;
      const auto& etag = etags_.emplace(name, '"' + std::string(file.hash) + '"').first->second;
      by_name_[name] = Asset{
          .name = name,
          .content_type = content_type(name),
          .bytes = {gzip->begin, gzip->end},
          .plain = {file.begin, file.end},
          .etag = etag,
          .immutable = name != "index.html",
      };
    }
  }

  const Asset* find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string_view, std::string> etags_;
  std::map<std::string_view, Asset> by_name_;
};

}  // namespace

const Asset* find(std::string_view name) {
  static const Assets assets;
  return assets.find(name);
}

}  // namespace gembal::daemon::web
