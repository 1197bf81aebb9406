#pragma once

#include <memory>
#include <string>

#include "daemon/access.hpp"
#include "daemon/dialect.hpp"
#include "daemon/live.hpp"
#include "daemon/message.hpp"
#include "daemon/object_owners.hpp"
#include "daemon/routes.hpp"
#include "lib/async/workers.hpp"
#include "lib/http/client.hpp"
#include "lib/images/shelf.hpp"
#include "lib/upstream/dispatcher.hpp"

namespace gembal::daemon {

namespace front {
class Pages;
}
namespace admin {
class Desk;
}
class Background;
class Kept;
class Metrics;
class ModelCatalog;
class Recorder;
class RunningResponses;
class StoreWriter;
class TokenLimits;

/// What all requests share. Everything in it outlives them, and may be used from any loop.
struct SharedServices {
  async::Workers& workers;
  const front::Pages& pages;
  ObjectOwners& owners;
  ModelCatalog& catalog;
  Kept& kept;
  RunningResponses& running;
  StoreWriter& writer;
  images::Shelf& shelf;  ///< of the pictures that gembal keeps itself
  Recorder& recorder;
  Metrics& metrics;
  TokenLimits& token_limits;
  admin::Desk& desk;
};

/// What the requests of one loop share.
struct Services : SharedServices {
  upstream::Dispatcher& dispatcher;
  http::Client& client;
  Background& background;
};

/// One request on its way through a handler, and what its log line will say.
struct RequestScope {
  Exchange& exchange;
  Services& services;
  std::shared_ptr<const Live> live;  ///< one snapshot from start to end
  Route route{};

  std::string model{};            ///< "" when it is not about one
  std::string answering_model{};  ///< another one that answered for it; "" when none did
  std::string key_id{};           ///< of the key that answered
  std::vector<std::string> unknown_objects{};  ///< that it names, and nobody knows whose they are
  upstream::Journey journey{};
  std::string failure{};  ///< why it went wrong; "" when it did not

  Caller caller{};  ///< meaningful where a token is needed
  std::shared_ptr<upstream::Trail> trail = std::make_shared<upstream::Trail>();

  /// A call of upstream at `url` as the configuration wants it; method, body and form are the
  /// caller's to set.
  upstream::Call call(std::string url) const;

  /// The headers that every reply of this request has.
  Headers headers() const;
};

/// Where the client reaches this server: "http://localhost:8000".
std::string own_origin(const front::RequestHead& head);

/// Whether a page of that origin may read the replies.
bool allows_origin(const Live& live, std::string_view origin);

/// Answers with `response` and the headers that every reply has.
async::Task<void> answer_response(RequestScope& scope, Response response);

/// Answers with an error of ours in the dialect of the path.
async::Task<void> answer_error(RequestScope& scope, Error error);
async::Task<void> answer_error(RequestScope& scope, int status, std::string message);

/// Answers with a whole JSON text.
async::Task<void> answer_json(RequestScope& scope, std::string body);

}  // namespace gembal::daemon
