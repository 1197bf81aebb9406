#include "lib/http/download.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include "lib/core/text.hpp"
#include "lib/http/address_guard.hpp"

namespace gembal::http {
namespace {

using std::chrono::milliseconds;

constexpr int kMostRedirects = 5;
constexpr milliseconds kConnect{10'000};
constexpr milliseconds kNoLimit = std::chrono::hours{24};

Error bad(std::string message, std::string hint = "") {
  return {ErrorKind::bad_request, std::move(message), std::move(hint)};
}

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 1u << 20) return std::to_string(bytes >> 20) + " MiB";
  return std::to_string(bytes) + " bytes";
}

bool is_named(const std::vector<std::string>& hosts, const Link& link) {
  const auto bracketed = "[" + link.host + "]";
  const auto port = ":" + std::to_string(link.port);
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& one) {
    return iequals(one, link.host) || iequals(one, bracketed) || iequals(one, link.host + port) ||
           iequals(one, bracketed + port);
  });
}

/// Where one hop may connect to, and whether it tried to go elsewhere.
struct Guard {
  bool allows_private = false;
  bool asked = false;
  bool refused = false;

  bool allows(const asio::ip::address& address, std::uint16_t port) {
    asked = true;
    const bool usual = port == 80 || port == 443 || port >= 1024;
    const bool good = allows_private || (usual && is_public(address));
    refused = refused || !good;
    return good;
  }
};

Error failure_of(const Error& error, const Guard& guard) {
  if (error.kind == ErrorKind::cancelled) return error;
  if (error.kind == ErrorKind::timeout) return bad("it took too long");
  // A name that is unknown is not told from one that is within: neither is anybody's business.
  if (guard.refused || !guard.asked)
    return bad("its host has no public address", "downloads.private_hosts can allow it");
  return bad("its host could not be reached, or broke off");
}

/// A body within its bounds.
async::Task<Result<Downloaded>> read_body(Reply& reply, const DownloadRules& rules,
                                          const Guard& guard) {
  const auto too_large =
      bad("it is larger than " + size_text(rules.max_bytes), "downloads.max_size is the limit");
  Downloaded made;
  made.content_type = reply.head().header("content-type");
  const auto announced = reply.head().header("content-length");
  std::uint64_t length = 0;
  std::from_chars(announced.data(), announced.data() + announced.size(), length);
  if (length > rules.max_bytes) co_return too_large;
  made.body.reserve(length);
  for (;;) {
    const auto piece = co_await reply.next();
    if (!piece) break;
    if (made.body.size() + piece->size() > rules.max_bytes) co_return too_large;
    made.body += *piece;
  }
  if (reply.error()) co_return failure_of(*reply.error(), guard);
  co_return made;
}

}  // namespace

async::Task<Result<Downloaded>> download(Client& client, Link link, DownloadRules rules,
                                         async::Interrupt& interrupt) {
  const auto until = std::chrono::steady_clock::now() + rules.timeout;
  for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
    auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (rules.timeout == milliseconds{0}) left = kNoLimit;
    if (left <= milliseconds{0}) co_return bad("it took too long");
    const auto guard = std::make_shared<Guard>();  // with the request, which may outlive the wait
    guard->allows_private = is_named(rules.private_hosts, link);
    Request request;
    request.url = link.url;
    request.headers = {"accept: */*"};
    request.timeouts = {std::min(kConnect, left), left, left, left};
    request.may_connect = [guard](const asio::ip::address& address, std::uint16_t port) {
      return guard->allows(address, port);
    };
    auto reply = client.open(std::move(request));
    const async::Interrupt::Subscription stop(interrupt, [&reply] {
      reply.abort({ErrorKind::cancelled, "it is no longer wanted", ""});
    });
    const auto arrived = co_await reply.wait_for_head();
    if (!arrived) co_return failure_of(arrived.error(), *guard);
    const int status = reply.head().status;
    if (status >= 200 && status < 300) {
      auto made = co_await read_body(reply, rules, *guard);
      co_return made;
    }
    const auto location = reply.head().header("location");
    if (status < 300 || status >= 400 || location.empty())
      co_return bad("its host answered with status " + std::to_string(status));
    auto next = follow(link, location);
    if (!next) co_return bad("its host redirects to what is no link");
    link = *std::move(next);
  }
  co_return bad("its host redirects more than " + std::to_string(kMostRedirects) + " times");
}

}  // namespace gembal::http
