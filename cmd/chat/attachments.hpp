#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/api_access.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {

/// Files to be sent along with a question.
struct Attachments {
  Json parts = Json::array();
  std::optional<upstream::OwningKey> owner;  ///< of what was uploaded; none: nothing was
};

/// Files larger than this go through the Files API: a request takes 20 MB in all, in base64.
inline constexpr std::size_t kMostInline = 14u << 20;

/// Reads files, "-" (standard input) and http(s) addresses: text as text, with its name; pictures,
/// sound, films and PDF as they are. Films on YouTube are named only. Errors: usage (of no kind
/// that a model reads, empty), io, upstream (an address or an upload that fails).
async::Task<Result<Attachments>> read_attachments(ApiAccess& access,
                                                  std::vector<std::string> names);

}  // namespace gembal::cmd
