#include "lib/images/upload.hpp"

#include "lib/core/digest.hpp"

namespace gembal::images {
namespace {

constexpr std::size_t kReplyBytes = 256 * 1024;

/// A host that is slow is as good as one that fails: the client waits for its picture.
http::Timeouts timeouts() {
  using std::chrono::seconds;
  return {seconds{10}, seconds{60}, seconds{30}, seconds{120}};
}

Error told(const Host& host, Error error) {
  const auto& secret = host.secret().reveal();
  for (std::size_t at = 0;
       !secret.empty() && (at = error.message.find(secret, at)) != std::string::npos;)
    error.message.replace(at, secret.size(), "…");
  error.message = std::string("the picture host ") + host.name() + " failed: " + error.message;
  return error;
}

}  // namespace

async::Task<Result<std::string>> upload(http::Client& client, const Host& host,
                                        const Picture& picture, TimePoint now,
                                        async::Interrupt& interrupt) {
  const Upload one{picture, random_hex(16), now};
  auto request = host.request(one);
  if (!request) co_return told(host, std::move(request).error());
  request->timeouts = timeouts();
  auto reply = client.open(*std::move(request));
  const async::Interrupt::Subscription on_interrupt(interrupt, [&reply] {
    reply.abort({ErrorKind::cancelled, "the request was cancelled", ""});
  });
  auto arrived = co_await reply.wait_for_head();
  if (!arrived) co_return told(host, std::move(arrived).error());
  std::string body;
  while (body.size() < kReplyBytes) {
    const auto piece = co_await reply.next();
    if (!piece) break;
    body += *piece;
  }
  if (reply.error()) co_return told(host, *reply.error());
  auto address = host.address(reply.head().status, body, one);
  if (!address) co_return told(host, std::move(address).error());
  co_return *std::move(address);
}

}  // namespace gembal::images
