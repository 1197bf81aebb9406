// What doctor finds on the way to the API and on the daemon's own address.

#include <netdb.h>

#include <array>
#include <asio.hpp>
#include <ctime>

#include "cmd/doctor.hpp"
#include "daemon/forwarding.hpp"
#include "daemon/front/listener.hpp"
#include "lib/async/loop.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/http/url.hpp"
#include "lib/upstream/proxy_check.hpp"

namespace gembal::cmd {
namespace {

using std::chrono::seconds;

constexpr seconds kPatience{4};
constexpr seconds kClockMayDiffer{60};
constexpr std::size_t kMostBody = 64 * 1024;

struct Answer {
  std::optional<Error> error;  ///< no reply came
  int status = 0;
  std::string date;  ///< as the header has it; "" without
  std::string body;
  Milliseconds took{};
};

async::Task<void> ask_on(async::Loop& loop, http::Client& client, http::Request request,
                         Answer& answer) {
  http::Reply reply = client.open(std::move(request));
  const auto arrived = co_await reply.wait_for_head();
  if (arrived) {
    answer.status = reply.head().status;
    answer.date = reply.head().header("date");
    while (answer.body.size() < kMostBody) {
      const auto piece = co_await reply.next();
      if (!piece) break;
      answer.body += *piece;
    }
  } else {
    answer.error = arrived.error();
  }
  loop.stop();
}

/// One GET, on a loop of its own. `proxy`: null for none, or the environment's.
Answer ask(std::string url, std::vector<std::string> headers,
           std::shared_ptr<const http::Proxy> proxy = nullptr) {
  http::Request request;
  request.proxy = std::move(proxy);
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.timeouts = {kPatience, kPatience, kPatience, kPatience};
  Answer answer;
  const auto began = std::chrono::steady_clock::now();
  async::Loop loop;
  http::Client client(loop, {});
  loop.spawn(ask_on(loop, client, std::move(request), answer));
  loop.run();
  answer.took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
  return answer;
}

async::Task<void> check_on(async::Loop& loop, http::Client& client, std::string url,
                           std::vector<http::Proxy> proxies,
                           std::vector<upstream::ProxyCheck>& checks) {
  async::Interrupt never;
  upstream::ProxyCheckOptions options;
  options.url = std::move(url);
  checks = co_await upstream::check_proxies(loop, client, options, std::move(proxies), never);
  loop.stop();
}

/// What was found of the configured proxies.
struct ProxiesFound {
  Findings findings;
  std::shared_ptr<const http::Proxy> working;  ///< the first that works; null: none does
};

ProxiesFound ask_through_proxies(const std::vector<http::Proxy>& proxies, std::string url) {
  std::vector<upstream::ProxyCheck> checks;
  {
    async::Loop loop;
    http::Client client(loop, {});
    loop.spawn(check_on(loop, client, std::move(url), proxies, checks));
    loop.run();
  }
  ProxiesFound found;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (checks[i].works && !found.working)
      found.working = std::make_shared<const http::Proxy>(proxies[i]);
  }
  for (const auto& check : checks) {
    if (check.works) {
      const auto took = std::to_string(check.latency.count());
      found.findings.push_back(
          {"proxy", Health::ok, check.proxy + " works, in " + took + " ms", ""});
    } else {
      found.findings.push_back({"proxy", found.working ? Health::warn : Health::fail,
                                check.proxy + ": " + check.message,
                                "check it, or take it out of upstream.proxies"});
    }
  }
  return found;
}

/// "http://user:secret@host:1" without who logs in.
std::string without_user(const std::string& proxy) {
  const auto scheme = proxy.find("://");
  const auto host = scheme == std::string::npos ? 0 : scheme + 3;
  const auto at = proxy.rfind('@');
  return at == std::string::npos || at < host ? proxy
                                              : proxy.substr(0, host) + proxy.substr(at + 1);
}

/// Those that libcurl obeys.
std::vector<std::string> proxies(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> found;
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"}) {
    const auto variable = environment.find(name);
    if (variable != environment.end() && !variable->second.empty())
      found.push_back(std::string(name) + "=" + without_user(variable->second));
  }
  return found;
}

/// A look-up under way. glibc's own thread works on it: it cannot be given back before that is
/// done.
struct LookUp {
  explicit LookUp(std::string name) : host(std::move(name)) {
    hints.ai_socktype = SOCK_STREAM;
    request.ar_name = host.c_str();
    request.ar_request = &hints;
  }
  ~LookUp() {
    if (request.ar_result) ::freeaddrinfo(request.ar_result);
  }
  LookUp(const LookUp&) = delete;
  LookUp& operator=(const LookUp&) = delete;

  std::string host;
  addrinfo hints{};
  gaicb request{};
};

Finding check_name(const std::string& host) {
  std::error_code failed;
  asio::ip::make_address(host, failed);
  if (!failed) return {"name", Health::ok, host + " is an address", ""};
  auto lookup = std::make_unique<LookUp>(host);
  gaicb* list[] = {&lookup->request};
  if (::getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr) != 0)
    return {"name", Health::warn, "names cannot be looked up", ""};
  const timespec patience{kPatience.count(), 0};
  // A signal may end the wait early: then the look-up counts as not finished, too.
  ::gai_suspend(list, 1, &patience);
  const int state = ::gai_error(&lookup->request);
  if (state == EAI_INPROGRESS) {
    if (::gai_cancel(&lookup->request) != EAI_CANCELED) {
      [[maybe_unused]] const auto* still_used = lookup.release();
    }
    return {"name", Health::fail, host + " could not be looked up in time",
            "check the network and the name servers in /etc/resolv.conf"};
  }
  if (state != 0) {
    return {"name", Health::fail, host + ": " + lower(::gai_strerror(state)),
            "check the network, the name servers in /etc/resolv.conf and upstream.base_url"};
  }
  std::array<char, NI_MAXHOST> text{};
  const auto* first = lookup->request.ar_result;
  ::getnameinfo(first->ai_addr, first->ai_addrlen, text.data(), text.size(), nullptr, 0,
                NI_NUMERICHOST);
  return {"name", Health::ok, host + " is " + text.data(), ""};
}

/// Without a key Google refuses in a form of its own.
Finding judge_upstream(const std::string& base_url, const Answer& answer) {
  if (answer.error) {
    return {"upstream", Health::fail, base_url + ": " + answer.error->message,
            answer.error->hint.empty() ? "check the network, proxies and upstream.base_url"
                                       : answer.error->hint};
  }
  const auto status = std::to_string(answer.status);
  const auto body = parse_json(answer.body);
  const auto* error = body ? find(*body, "error") : nullptr;
  const bool refuses = error && !string_in(*error, "status").empty() && answer.status >= 400 &&
                       answer.status < 500 && answer.status != 404;
  const bool lists = body && answer.status == 200 && find(*body, "models");
  if (refuses || lists) {
    return {"upstream", Health::ok,
            base_url + " answers as the Gemini API does, in " +
                std::to_string(answer.took.count()) + " ms",
            ""};
  }
  if (answer.status >= 500)
    return {"upstream", Health::warn, base_url + " is in trouble: HTTP " + status,
            "try again later"};
  return {"upstream", Health::warn,
          base_url + " does not answer as the Gemini API does: HTTP " + status,
          "check upstream.base_url: it ends with the version, as in …/v1beta"};
}

Finding judge_clock(const Answer& answer, TimePoint now) {
  if (answer.error) return {"clock", Health::warn, "not compared: upstream does not answer", ""};
  std::tm parts{};
  if (answer.date.empty() || !::strptime(answer.date.c_str(), "%a, %d %b %Y %H:%M:%S", &parts))
    return {"clock", Health::warn, "not compared: upstream sends no date", ""};
  const auto theirs = std::chrono::system_clock::from_time_t(::timegm(&parts));
  const auto ahead = std::chrono::duration_cast<seconds>(now - theirs);
  if (std::chrono::abs(ahead) <= kClockMayDiffer)
    return {"clock", Health::ok, "agrees with upstream's", ""};
  return {"clock", Health::fail,
          "is " + to_short_text(std::chrono::abs(ahead)) +
              (ahead.count() > 0 ? " ahead of" : " behind") + " upstream's",
          "set it, as with: timedatectl set-ntp true"};
}

/// Where to ask for what listens on "HOST:PORT".
std::string own_url(const std::string& address) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  if (host.empty() || host == "0.0.0.0" || host == "*") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return "http://" + host + address.substr(colon) + "/healthz";
}

}  // namespace

Findings check_network(const config::Config& config,
                       const std::map<std::string, std::string>& environment) {
  const auto& base_url = config.upstream.base_url;
  const auto address = daemon::UpstreamAddress::parse(base_url);
  if (!address) {
    return {{"upstream", Health::fail, address.error().message, address.error().hint}};
  }
  const auto url = address->url("/models", "pageSize=1");
  const bool is_configured = !config.upstream.proxies.empty();
  ProxiesFound configured;
  if (is_configured) configured = ask_through_proxies(config.upstream.proxies, url);
  auto& findings = configured.findings;
  const auto found = is_configured || http::is_loopback(base_url) ? std::vector<std::string>{}
                                                                  : proxies(environment);
  if (!is_configured)
    findings.push_back({"proxy", Health::ok, found.empty() ? "none" : join(found, ", "), ""});

  auto host = address->origin().substr(address->origin().find("://") + 3);
  const auto colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) host.resize(colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  findings.push_back(found.empty() && !is_configured
                         ? check_name(host)
                         : Finding{"name", Health::ok, host + " is left to the proxy", ""});
  const bool has_no_way = is_configured && !configured.working;
  if (findings.back().health == Health::fail || has_no_way) {
    findings.push_back(
        has_no_way ? Finding{"upstream", Health::fail, base_url + ": no proxy leads to it", ""}
                   : Finding{"upstream", Health::fail, base_url + ": its name is not known",
                             "check the network and upstream.base_url"});
    findings.push_back({"clock", Health::warn, "not compared: upstream does not answer", ""});
    return findings;
  }
  std::vector<std::string> headers;
  for (const auto& [name, value] : config.upstream.headers) headers.push_back(name + ": " + value);
  const auto answer = ask(url, std::move(headers), configured.working);
  findings.push_back(judge_upstream(base_url, answer));
  findings.push_back(judge_clock(answer, std::chrono::system_clock::now()));
  return findings;
}

Findings check_listen(const config::Config& config) {
  Findings findings;
  for (const auto& address : config.server.listen) {
    const auto reserved = daemon::front::reserve(address);
    if (reserved) {
      findings.push_back({"listen", Health::ok, address + " is free", ""});
      continue;
    }
    const auto answer = reserved.error().kind == ErrorKind::io ? ask(own_url(address), {})
                                                               : Answer{.error = reserved.error()};
    const auto body = parse_json(answer.body);
    if (answer.status == 200 && body && string_in(*body, "status") == "ok") {
      findings.push_back({"listen", Health::ok, "a gembal daemon answers on " + address, ""});
    } else {
      findings.push_back({"listen", Health::fail, reserved.error().message, reserved.error().hint});
    }
  }
  return findings;
}

}  // namespace gembal::cmd
