#pragma once

#include "daemon/request.hpp"

namespace gembal::daemon {

/// The pages, their log-in and the API behind them: /login, /logout, /api/admin/…, and what a
/// browser loads.
async::Task<void> admin_request(RequestScope& scope);

/// /metrics: open on this machine; from elsewhere with the admin token, unless metrics.public.
async::Task<void> show_metrics(RequestScope& scope);

/// Whoever has logged in to the pages may use the client's API from there, as the administrator.
std::optional<Caller> logged_in_caller(RequestScope& scope);

/// Whether the pages may be shown under this name: a name of this machine, an address, or one of
/// web.hosts. Else a page of anybody's could have its own name lead here, and read them. Pure.
bool is_own_host(std::string_view host, const std::vector<std::string>& more);

}  // namespace gembal::daemon
