#include "daemon/sandbox/server.hpp"

#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::sandbox {
namespace {

using daemon::Cut;
using daemon::Exchange;
using daemon::Flush;

constexpr std::size_t kMostConnections = 20'000;

Request request_from(Exchange& exchange) {
  auto& from = exchange.request();
  Request request;
  request.method = from.head.method;
  request.path = from.head.path;
  request.query = from.head.query;
  for (const auto& [name, value] : from.head.fields)
    request.headers.emplace_back(lower(name), value);
  request.body = std::move(from.body);
  return request;
}

std::uint64_t length_of(const Script& script) {
  std::uint64_t length = 0;
  for (const auto& piece : script.pieces) length += piece.bytes.size();
  // A body that is to be cut off promises more than it will send.
  return script.end == End::proper ? length : length + 1000;
}

async::Task<void> play(Exchange& exchange, const Script& script) {
  if (script.before_head.count() > 0)
    co_await async::sleep(exchange.loop(), script.before_head, exchange.interrupt());
  if (exchange.interrupt().raised()) co_return;
  if (script.refuse) {
    co_await exchange.answer_raw({});
    co_return;
  }
  if (script.raw) {
    co_await exchange.answer_raw(*script.raw);
    co_return;
  }

  std::optional<std::uint64_t> length;
  if (!script.chunked) length = length_of(script);
  exchange.begin(script.status, script.headers, length);
  for (std::size_t i = 0; i < script.pieces.size(); ++i) {
    const auto& piece = script.pieces[i];
    if (piece.after.count() > 0) {
      const bool sent = co_await exchange.write({}, Flush::now);
      if (!sent) co_return;
      co_await async::sleep(exchange.loop(), piece.after, exchange.interrupt());
      if (exchange.interrupt().raised()) co_return;
    }
    const bool last = i + 1 == script.pieces.size() && script.end == End::proper;
    const bool sent = co_await exchange.write(piece.bytes, last ? Flush::later : Flush::now);
    if (!sent) co_return;
  }
  if (script.end == End::proper) {
    co_await exchange.finish();
    co_return;
  }
  const bool sent = co_await exchange.write({}, Flush::now);
  if (!sent) co_return;
  exchange.abandon(script.end == End::reset ? Cut::reset : Cut::close);
}

}  // namespace

Server::Server(const asio::ip::tcp::endpoint& endpoint, Options options)
    : endpoint_(endpoint), api_(std::move(options)) {
  service_.handle = [this](Exchange& exchange) { return handle(exchange); };
  service_.refuse = [](const daemon::front::RequestHead&, int status, const std::string& message) {
    daemon::Response response;
    response.status = status;
    response.headers = {{"content-type", "application/json; charset=UTF-8"}};
    response.body = gemini::error_body(status, message);
    return response;
  };
  service_.limits = [] { return daemon::front::Limits{}; };
}

Result<std::unique_ptr<Server>> Server::open(async::Loop& loop, const std::string& address,
                                             Options options) {
  const auto endpoint = daemon::front::reserve(address);
  if (!endpoint) return endpoint.error();
  if (!options.started) options.started = std::chrono::system_clock::now();
  auto server = std::make_unique<Server>(*endpoint, std::move(options));
  auto listener = daemon::front::Listener::open(loop, *endpoint, server->service_,
                                                server->connections_, kMostConnections);
  if (!listener) return std::move(listener).error();
  server->listener_ = *std::move(listener);
  return server;
}

async::Task<void> Server::handle(Exchange& exchange) {
  const auto script = api_.answer(request_from(exchange), std::chrono::system_clock::now());
  co_await play(exchange, script);
}

void Server::stop(std::function<void()> empty) {
  listener_->stop();
  connections_.drain(std::move(empty));
  connections_.cut();
}

}  // namespace gembal::sandbox
