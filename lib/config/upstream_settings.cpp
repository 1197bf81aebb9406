#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"
#include "lib/core/secret.hpp"

namespace gembal::config {
namespace {

Setting headers() {
  Setting made;
  made.key = "upstream.headers";
  made.type = SettingType::pairs;
  made.default_text = "[]";
  made.is_list = true;
  made.set = [](Config& config, const Values& values) -> std::string {
    config.upstream.headers.clear();
    for (const auto& line : values) {
      const auto colon = line.find(':');
      const auto name = std::string(trim(std::string_view(line).substr(0, colon)));
      if (colon == std::string::npos || name.empty() ||
          line.find_first_of("\r\n") != std::string::npos) {
        return "must be a list of \"name: value\" texts";
      }
      config.upstream.headers.emplace_back(name, trim(std::string_view(line).substr(colon + 1)));
    }
    return "";
  };
  made.show = [](const Config& config) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : config.upstream.headers)
      lines.push_back(name + ": " + Secret(value).redacted());
    return quoted_list(lines);
  };
  return made;
}

Setting proxies() {
  Setting made;
  made.key = "upstream.proxies";
  made.type = SettingType::list;
  made.default_text = "[]";
  made.is_list = made.is_secret = true;
  made.set = [](Config& config, const Values& values) -> std::string {
    std::vector<http::Proxy> read;
    for (const auto& text : values) {
      auto proxy = http::parse_proxy(text);
      if (!proxy) {
        return "must be a list of scheme://[user:password@]host:port texts, but item " +
               std::to_string(read.size() + 1) + " " + proxy.error().message;
      }
      read.push_back(*std::move(proxy));
    }
    config.upstream.proxies = std::move(read);
    return "";
  };
  made.show = [](const Config& config) {
    std::vector<std::string> shown;
    for (const auto& proxy : config.upstream.proxies) shown.push_back(proxy.redacted());
    return quoted_list(shown);
  };
  made.reveal = [](const Config& config) {
    std::vector<std::string> whole;
    for (const auto& proxy : config.upstream.proxies) whole.push_back(proxy.reveal());
    return quoted_list(whole);
  };
  return made;
}

/// PROXIES_USE_CONSISTENCY_HASH_BY_API_KEY.
std::string policy_of_original(const std::string& text) {
  const auto by_key = parse_bool(text);
  if (!by_key) return text;
  return *by_key ? "by-key" : "random";
}

}  // namespace

std::vector<Setting> upstream_settings() {
  return {
      web_address("upstream.base_url", "https://generativelanguage.googleapis.com/v1beta",
                  place(&Config::upstream, &UpstreamOptions::base_url))
          .original("BASE_URL")
          .means("where the Gemini API is, with its version"),
      duration("upstream.connect_timeout", "10s",
               place(&Config::upstream, &UpstreamOptions::connect_timeout))
          .means("for a connection: name, TCP and TLS; 0: no limit"),
      duration("upstream.header_timeout", "300s",
               place(&Config::upstream, &UpstreamOptions::header_timeout))
          .means("from the request to the reply's headers; 0: no limit"),
      duration("upstream.first_token_timeout", "300s",
               place(&Config::upstream, &UpstreamOptions::first_token_timeout))
          .means("from the request to the first content of a stream; 0: no limit"),
      duration("upstream.idle_timeout", "120s",
               place(&Config::upstream, &UpstreamOptions::idle_timeout))
          .means("between two pieces of a reply; 0: no limit"),
      duration("upstream.timeout", "300s", place(&Config::upstream, &UpstreamOptions::timeout))
          .original("TIME_OUT", in_seconds)
          .means("for a whole reply that is no stream; 0: no limit"),
      headers()
          .original("CUSTOM_HEADERS")
          .means("headers that every upstream request gets, each \"name: value\""),
      proxies().original("PROXIES").means(
          "ways to upstream, in place of https_proxy: http, https, socks5 or "
          "socks5h://[user:password@]host:port"),
      choice("upstream.proxy_policy", "by-key", {"by-key", "random"},
             place(&Config::upstream, &UpstreamOptions::proxy_policy))
          .original("PROXIES_USE_CONSISTENCY_HASH_BY_API_KEY", policy_of_original)
          .means("by-key: each key always goes through the same proxy; random: through any"),
  };
}

}  // namespace gembal::config
