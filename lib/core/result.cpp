#include "lib/core/result.hpp"

namespace gembal {

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal: return "internal";
    case ErrorKind::usage: return "usage";
    case ErrorKind::config: return "config";
    case ErrorKind::bad_request: return "bad_request";
    case ErrorKind::unauthorized: return "unauthorized";
    case ErrorKind::forbidden: return "forbidden";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::io: return "io";
    case ErrorKind::store: return "store";
    case ErrorKind::no_usable_key: return "no_usable_key";
    case ErrorKind::keys_waiting: return "keys_waiting";
    case ErrorKind::upstream: return "upstream";
    case ErrorKind::proxy: return "proxy";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::refused: return "refused";
  }
  return "internal";
}

}  // namespace gembal
