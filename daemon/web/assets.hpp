#pragma once

#include <string_view>

namespace gembal::daemon::web {

/// A file of the admin pages, as `./dev web` built it. Lives as long as the program.
struct Asset {
  std::string_view name;          ///< "index.html", "app-1a2b3c4d5e.js"
  std::string_view content_type;  ///< "text/javascript; charset=utf-8"
  std::string_view bytes;         ///< compressed: for those who accept `content-encoding: gzip`
  std::string_view plain;         ///< the same, as it is
  std::string_view etag;          ///< with its quotes
  bool immutable = false;         ///< its name says what is in it: it may be kept for ever
};

/// The asset of that name; null for none. The page itself, for each of its addresses, is
/// "index.html".
const Asset* find(std::string_view name);

}  // namespace gembal::daemon::web
