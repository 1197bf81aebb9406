#pragma once

#include "daemon/request.hpp"
#include "lib/upstream/answer.hpp"

// What the faces that pass requests and replies through have in common.
namespace gembal::daemon {

/// The same request, aimed at upstream: without the client's credentials, with its body handed
/// over.
upstream::Call forwarded(RequestScope& scope, const std::string& path);

/// The headers of a reply that passes an upstream's on.
Headers headers_for(const RequestScope& scope, const http::Head& head);

/// What upstream says of its body's length, unless it is in pieces.
std::optional<std::uint64_t> announced_length(const http::Head& head);

/// Passes a reply on as it came, piece by piece; what comes in one go leaves in one go. One that
/// breaks off is cut off.
async::Task<void> pass_whole(RequestScope& scope, upstream::Answer& answer);

/// The same for what is left of a reply that has begun.
async::Task<void> pass_rest(RequestScope& scope, upstream::Answer& answer);

/// Passes on a reply that names objects: whose they are is remembered before the client is told of
/// them. `objects` finds them in the body; in one of more than a megabyte they are not looked for.
using FindObjects = std::vector<MadeObject> (*)(std::string_view body, TimePoint now);
async::Task<void> pass_made(RequestScope& scope, upstream::Answer& answer, FindObjects objects);

/// Sends a call that is about an object to the key that made it; one that nobody knows is looked
/// for.
void own_call(RequestScope& scope, upstream::Call& call, const std::string& object);

/// What a request named, and nobody knew whose it was, belongs to the key that found it.
async::Task<void> remember_found(RequestScope& scope, const upstream::Answer& answer);

bool is_event_stream(const upstream::Answer& answer);

}  // namespace gembal::daemon
