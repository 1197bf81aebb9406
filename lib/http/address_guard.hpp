#pragma once

#include <asio/ip/address.hpp>

namespace gembal::http {

/// Whether anybody may reach that address: not this machine, its network, or one that is for a
/// purpose of its own (IANA's special-purpose registries, and what clouds keep their metadata at).
/// An IPv4 address inside an IPv6 one counts as itself. Pure.
bool is_public(const asio::ip::address& address);

}  // namespace gembal::http
