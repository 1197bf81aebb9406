#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/secret.hpp"
#include "lib/gemini/extras.hpp"
#include "lib/http/proxy.hpp"
#include "lib/images/options.hpp"
#include "lib/keypool/policy.hpp"
#include "lib/log/log.hpp"
#include "lib/store/url.hpp"

namespace gembal::config {

using std::chrono::milliseconds;

// Defaults are in the sections' own files: a Config comes from load().

struct ServerOptions {
  std::vector<std::string> listen;  ///< "HOST:PORT"
  int threads = 0;                  ///< loops; 0: one for each core, at most 4
  milliseconds drain_timeout{};
  std::uint64_t max_body_bytes = 0;
  std::uint64_t max_header_bytes = 0;
  milliseconds header_timeout{};  ///< for a request's head to arrive
  int max_connections = 0;
  std::vector<std::string> cors_origins;
};

struct StoreOptions {
  store::Url url;
  std::string folder;  ///< for files beside the store: its own, or, for a server's database, where
                       ///< a file would be
};

struct AuthOptions {
  std::vector<Secret> tokens;  ///< empty: one is made on first start and kept in the store
  Secret admin_token;          ///< empty: the first of the tokens
};

struct KeysOptions {
  std::vector<Secret> values;  ///< added to the store at start
  std::vector<Secret> paid;    ///< the same, as keys of a paid tier
};

struct UpstreamOptions {
  std::string base_url;
  milliseconds connect_timeout{};
  milliseconds header_timeout{};
  milliseconds first_token_timeout{};
  milliseconds idle_timeout{};
  milliseconds timeout{};  ///< of a reply that is no stream
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<http::Proxy> proxies;
  std::string proxy_policy;  ///< "by-key" or "random"
};

struct PoolOptions {
  keypool::Policy policy;
  std::string pacing;  ///< as it was written; policy has what it means
  int max_retries = 0;
  milliseconds max_wait{};        ///< for a key to come back; zero: does not wait
  int max_waiting = 0;            ///< requests that wait at once
  milliseconds check_interval{};  ///< of disabled keys; zero: never
  std::string test_model;
};

struct ModelsOptions {
  gemini::ModelRules rules;
  std::vector<std::pair<std::string, std::string>> fallbacks;  ///< model, and what answers for it
  std::string anthropic;  ///< answers for the names of Anthropic's models; "": nothing does
  std::string embedding;  ///< answers for the names of OpenAI's embedding models
};

struct AudioOptions {
  std::string tts_model;  ///< also for OpenAI's own
  std::string voice;      ///< one of Gemini's
  std::string speed;      ///< "slow", "normal" or "fast"
  std::string transcription_model;
};

struct StreamOptions {
  milliseconds heartbeat{};  ///< between two signs of life while nothing else comes; zero: none
  gemini::PacingRules pacing;
  bool fake = false;             ///< streams are answered from replies that are none
  milliseconds fake_interval{};  ///< between two signs of life of such a stream
};

/// What is fetched for a request that links to it.
struct DownloadOptions {
  bool enabled = true;  ///< else links are left to the model
  std::uint64_t max_bytes = 0;
  milliseconds timeout{};
  std::vector<std::string> private_hosts;  ///< "host" or "host:port"
};

/// What is remembered about requests; zero keeps it for ever.
struct RecordOptions {
  bool bodies = false;  ///< of requests that failed
  milliseconds keep_errors{};
  milliseconds keep_requests{};
};

/// The admin pages, and what else is for whoever runs the daemon.
struct WebOptions {
  milliseconds session{};  ///< how long who has logged in may do nothing
  std::vector<std::string> hosts;
  bool public_metrics = false;
};

struct ClientOptions {
  std::string model;  ///< of chat
  std::string url;    ///< of a daemon that commands go through; "": the store's keys are used
  Secret token;       ///< of that daemon
};

struct Config {
  ServerOptions server;
  StoreOptions store;
  AuthOptions auth;
  KeysOptions keys;
  UpstreamOptions upstream;
  PoolOptions pool;
  ModelsOptions models;
  gemini::RequestExtras extras;
  AudioOptions audio;
  StreamOptions stream;
  DownloadOptions downloads;
  images::Options images;  ///< where pictures go for which an address is wanted
  log::Options logs;
  RecordOptions records;
  WebOptions web;
  ClientOptions client;
};

}  // namespace gembal::config
