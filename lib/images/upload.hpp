#pragma once

#include "lib/async/loop.hpp"
#include "lib/images/host.hpp"

namespace gembal::images {

/// Hands a picture to a host and returns its address. All three must outlive it. Errors: config,
/// upstream, timeout, cancelled; the message begins with the host's name and holds no secret.
async::Task<Result<std::string>> upload(http::Client& client, const Host& host,
                                        const Picture& picture, TimePoint now,
                                        async::Interrupt& interrupt);

}  // namespace gembal::images
