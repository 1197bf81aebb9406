#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/request.hpp"
#include "lib/core/json_fwd.hpp"

namespace gembal::daemon {

/// Whether a path lists objects of the key's own project: what a client sees must be all keys'.
bool is_merged_list(std::string_view method, std::string_view path);

/// Answers a list with those of all projects of the pool, page by page.
async::Task<void> list_merged(RequestScope& scope);

/// Where a page of a merged list begins: the project of which key, and where in its own list.
struct ListPlace {
  std::string key_id;    ///< "": the first
  std::string token;     ///< upstream's own page token; "": its first page
  std::size_t skip = 0;  ///< entries of that page that an earlier page of ours had
};

/// The place as a page token of our own, and the way back; nullopt for what is none.
std::string to_page_token(const ListPlace& place);
std::optional<ListPlace> parse_page_token(std::string_view token);

}  // namespace gembal::daemon
