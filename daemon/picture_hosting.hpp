#pragma once

#include <string>

#include "daemon/request.hpp"
#include "lib/images/host.hpp"

namespace gembal::daemon {

/// What the configuration says about the pictures that gembal keeps itself.
images::ShelfLimits shelf_limits(const config::Config& config);

/// Puts a picture where images.upload says, and returns its address. Errors: unsupported (it says
/// "none"), config, upstream, io, too_large, timeout, cancelled: the picture is then to be sent
/// itself. What failed is logged here. The picture must outlive it.
async::Task<Result<std::string>> host_picture(RequestScope& scope, const images::Picture& picture);

/// The same for a picture within an answer's text: its address or, when it has none, a data URL.
async::Task<std::string> picture_address(RequestScope& scope, images::Picture picture);

/// GET /images/{name}: a picture that gembal keeps.
async::Task<void> show_picture(RequestScope& scope);

}  // namespace gembal::daemon
