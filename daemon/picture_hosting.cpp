#include "daemon/picture_hosting.hpp"

#include "lib/images/upload.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

async::Task<Result<std::string>> put_on_shelf(RequestScope& scope, const images::Picture& picture) {
  const auto limits = shelf_limits(scope.live->config);
  auto name = co_await scope.services.workers.run(
      scope.exchange.loop(), [&shelf = scope.services.shelf, &picture, limits] {
        return shelf.put(picture, limits, wall_clock());
      });
  if (!name) co_return std::move(name).error().in("the picture cannot be kept");
  co_return own_origin(scope.exchange.request().head) + "/images/" + *name;
}

}  // namespace

images::ShelfLimits shelf_limits(const config::Config& config) {
  return {config.images.keep, config.images.keep_bytes};
}

async::Task<Result<std::string>> host_picture(RequestScope& scope, const images::Picture& picture) {
  const auto& options = scope.live->config.images;
  if (options.upload == "none")
    co_return Error{ErrorKind::unsupported, "images.upload is none", ""};
  Result<std::string> address(Error{});
  if (const auto host = images::make_host(options)) {
    address = co_await images::upload(scope.services.client, *host, picture, wall_clock(),
                                      scope.exchange.interrupt());
  } else {
    address = co_await put_on_shelf(scope, picture);
  }
  if (!address && address.error().kind != ErrorKind::cancelled)
    log::warn(address.error().message, {{"id", scope.exchange.id()}});
  co_return std::move(address);
}

async::Task<std::string> picture_address(RequestScope& scope, images::Picture picture) {
  auto address = co_await host_picture(scope, picture);
  if (address) co_return *std::move(address);
  co_return "data:" + picture.media_type + ";base64," + picture.base64;
}

async::Task<void> show_picture(RequestScope& scope) {
  const auto& head = scope.exchange.request().head;
  if (head.method != "GET" && head.method != "HEAD") {
    co_await answer_error(scope, 405, "this address takes GET only");
    co_return;
  }
  const auto limits = shelf_limits(scope.live->config);
  auto kept = co_await scope.services.workers.run(
      scope.exchange.loop(), [&shelf = scope.services.shelf, &name = scope.route.upstream_path,
                              limits] { return shelf.find(name, limits, wall_clock()); });
  if (!kept) {
    co_await answer_error(scope, std::move(kept).error());
    co_return;
  }
  const auto left = std::chrono::floor<std::chrono::seconds>(kept->expires - wall_clock()).count();
  Response response;
  response.headers = {{"content-type", kept->media_type},
                      {"cache-control", "private, immutable, max-age=" + std::to_string(left)},
                      {"x-content-type-options", "nosniff"},
                      {"content-security-policy", "default-src 'none'; sandbox"}};
  response.body = std::move(kept->bytes);
  co_await answer_response(scope, std::move(response));
}

}  // namespace gembal::daemon
