#include "daemon/sandbox/target.hpp"

#include "lib/core/text.hpp"

namespace gembal::sandbox {

std::string Target::parameter(const std::string& name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return "";
}

std::string Target::model() const {
  if (segments.size() < 2 || (segments[0] != "models" && segments[0] != "tunedModels")) return "";
  return segments[1];
}

Target parse_target(const Request& request) {
  Target target;
  std::vector<std::string> segments;
  for (const auto& part : split(request.path, '/')) {
    if (!part.empty()) segments.push_back(percent_decode(part));
  }
  if (!segments.empty() && (segments[0] == "upload" || segments[0] == "download")) {
    target.upload = segments[0] == "upload";
    target.download = !target.upload;
    segments.erase(segments.begin());
  }
  if (segments.empty() ||
      (segments[0] != "v1" && segments[0] != "v1beta" && segments[0] != "v1alpha"))
    return target;
  target.version = segments[0];
  segments.erase(segments.begin());
  // "models/x:generateContent"; in the Upload API also
  // "fileSearchStores/x:uploadToFileSearchStore".
  if (!segments.empty()) {
    const auto colon = segments.back().rfind(':');
    if (colon != std::string::npos && !(segments[0] == "openai")) {
      target.method = segments.back().substr(colon + 1);
      segments.back().resize(colon);
    }
  }
  target.segments = std::move(segments);
  for (const auto& pair : split(request.query, '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    std::string value =
        equals == std::string_view::npos ? "" : percent_decode(pair.substr(equals + 1));
    target.query.emplace_back(percent_decode(pair.substr(0, equals)), std::move(value));
  }
  return target;
}

}  // namespace gembal::sandbox
