#include "daemon/front/pages.hpp"

#include <httplib.h>

#include "lib/core/json.hpp"

namespace gembal::daemon::front {
namespace {

void answer_json(httplib::Response& response, int status, const Json& json) {
  response.status = status;
  response.set_content(to_text(json), "application/json");
}

void answer_readiness(httplib::Response& response, const Readiness& now) {
  const bool ready = now.usable_keys > 0 && now.store_works;
  Json body = {{"status", ready ? "ready" : "not ready"}, {"usable_keys", now.usable_keys}};
  if (!now.store_works) {
    body["reason"] = "the key store cannot be read or written";
  } else if (now.keys == 0) {
    body["reason"] = "there is no API key: add one with 'gembal keys add'";
  } else if (now.usable_keys == 0) {
    body["reason"] = "every API key is disabled: 'gembal keys list' says why";
  }
  answer_json(response, ready ? 200 : 503, body);
}

}  // namespace

Pages::Pages(std::function<Readiness()> readiness, std::function<std::string()> metrics) {
  auto& routes = site_.routes();
  routes.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    answer_json(response, 200, {{"status", "ok"}});
  });
  routes.Get("/health", [](const httplib::Request&, httplib::Response& response) {
    answer_json(response, 200, {{"status", "healthy"}});
  });
  routes.Get("/readyz", [readiness](const httplib::Request&, httplib::Response& response) {
    answer_readiness(response, readiness());
  });
  routes.Get("/metrics", [metrics](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics(), "text/plain; version=0.0.4; charset=utf-8");
  });
}

}  // namespace gembal::daemon::front
