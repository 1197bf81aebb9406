#include "lib/config/sections.hpp"
#include "lib/config/setting_types.hpp"

namespace gembal::config {

std::vector<Setting> server_settings() {
  return {
      addresses("server.listen", {"127.0.0.1:8000"}, place(&Config::server, &ServerOptions::listen))
          .means("addresses to listen on, each HOST:PORT")
          .at_restart(),
      number("server.threads", 0, 0, 64, place(&Config::server, &ServerOptions::threads))
          .means("event loops; 0: one for each core, at most 4")
          .at_restart(),
      duration("server.drain_timeout", "30s", place(&Config::server, &ServerOptions::drain_timeout))
          .means("how long running answers may take to finish once the daemon is told to stop"),
      size("server.max_body", "200MiB", place(&Config::server, &ServerOptions::max_body_bytes))
          .means("largest request body"),
      size("server.max_header", "64KiB", place(&Config::server, &ServerOptions::max_header_bytes))
          .means("largest head of a request"),
      duration("server.header_timeout", "10s",
               place(&Config::server, &ServerOptions::header_timeout))
          .means("how long a request's head may take to arrive"),
      number("server.max_connections", 20000, 1, 1'000'000,
             place(&Config::server, &ServerOptions::max_connections))
          .means("open client connections at most")
          .at_restart(),
      list("server.cors_origins", {}, place(&Config::server, &ServerOptions::cors_origins))
          .means("origins whose pages may ask from a browser; \"*\" for all"),
      store_url("store.url", place(&Config::store, &StoreOptions::url))
          .original("SQLITE_DATABASE")
          .means(
              "the key store: a file, or mysql://USER:PASSWORD@HOST:PORT/DATABASE, or postgresql:// "
              "with the same; empty: gembal/gembal.db in $XDG_DATA_HOME. MySQL also by gemini-balance's "
              "DATABASE_TYPE=mysql and MYSQL_HOST, _PORT, _SOCKET, _USER, _PASSWORD, _DATABASE")
          .at_restart(),
      secrets("auth.tokens", place(&Config::auth, &AuthOptions::tokens))
          .original("ALLOWED_TOKENS")
          .means("tokens that clients may use; empty: one is made on first start"),
      secret("auth.admin_token", place(&Config::auth, &AuthOptions::admin_token))
          .original("AUTH_TOKEN")
          .means(
              "the administrator's token, good for clients, too; empty: the first of auth.tokens"),
      secrets("keys.values", place(&Config::keys, &KeysOptions::values))
          .original("API_KEYS")
          .means("API keys that are added to the store at start"),
      secrets("keys.paid", place(&Config::keys, &KeysOptions::paid))
          .original("PAID_KEY")
          .means("the same, as keys of a paid tier: used when no free key can serve a model"),
  };
}

}  // namespace gembal::config
