#pragma once

#include <string>
#include <string_view>

namespace gembal::anthropic {

/// The status by which Anthropic tells that a model has too much to do.
inline constexpr int kOverloaded = 529;

/// An error in Anthropic's shape, {"type":"error","error":{"type","message"},"request_id"}: its
/// SDKs choose the exception by the HTTP status, and show the type. `request_id`: "" for none.
std::string error_body(int http_status, std::string_view message, std::string_view request_id = {});

/// The same as an event of a stream that has begun; nothing may follow.
std::string error_event(int http_status, std::string_view message);

}  // namespace gembal::anthropic
