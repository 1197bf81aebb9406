#include "daemon/asked_response.hpp"

#include "daemon/fetch_links.hpp"
#include "daemon/kept.hpp"
#include "daemon/open_upstream.hpp"
#include "daemon/translated_extras.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/release.hpp"
#include "lib/core/time.hpp"
#include "lib/openai/response_items.hpp"

namespace gembal::daemon {
namespace {

Json listed_input(const Json& items, const std::string& id) {
  Json listed = Json::array();
  for (const auto& item : items)
    listed.push_back(openai::listed_item(item, {id, true, listed.size()}));
  return listed;
}

void make_context(AskedResponse& asked, Kept& kept) {
  auto& context = asked.context;
  const auto& before = asked.earlier.before;
  for (auto one = before.rbegin(); one != before.rend(); ++one) {
    for (const auto* list : {&(*one)->input, &(*one)->output}) {
      for (const auto& item : *list) context.history.push_back(item);
    }
  }
  context.item_of = [&asked](const std::string& id) -> const Json* {
    const auto place = openai::place_of_item(id);
    const auto& known = asked.earlier.referred_to;
    const auto found = place ? known.find(place->response_id) : known.end();
    return found == known.end() ? nullptr : openai::item_in(*found->second, id);
  };
  context.signature_of = [&kept](std::string_view id) {
    return kept.find(KeptKind::signature, std::string(id)).value_or("");
  };
}

}  // namespace

async::Task<Result<void>> read_asked(RequestScope& scope, AskedResponse& asked) {
  auto& body = scope.exchange.request().body;
  auto request = co_await compute(scope, body.size(), [&body]() -> Result<openai::ResponseRequest> {
    auto json = parse_json(body);
    if (!json) return std::move(json).error();
    return openai::read_response_request(*std::move(json));
  });
  if (!request) co_return std::move(request).error();
  release(body);
  asked.id = "resp_" + random_hex(24);
  asked.owner = client_of(scope);
  asked.request = *std::move(request);
  auto called = called_model(scope, asked.request.model);
  if (!called) co_return std::move(called).error();
  asked.called = *std::move(called);
  scope.model = asked.called.called;
  const auto fetched = co_await fetch_links(scope, asked.request.json);
  if (!fetched) co_return fetched.error();
  const auto& items = asked.request.json["input"];
  auto earlier = co_await earlier_responses(scope, asked.request.previous,
                                            openai::responses_referred_to(items));
  if (!earlier) co_return std::move(earlier).error();
  asked.earlier = *std::move(earlier);
  auto& kept = scope.services.kept;
  co_await kept.load(scope.exchange.loop(), KeptKind::signature, openai::signature_names(items));
  make_context(asked, kept);
  if (asked.request.store) asked.kept_input = listed_input(items, asked.id);
  co_return Result<void>();
}

Translation translation_of(const RequestScope& scope, AskedResponse& asked, bool is_streamed) {
  const bool asks_others = has_fallback(scope, asked.called.model);
  auto body = [&asked, asks_others](const std::string& model) -> Result<Json> {
    auto& json = asked.request.json;
    return openai::translate_response(asks_others ? json : std::move(json), model, asked.context);
  };
  return {asked.called.model, is_streamed, 1, std::move(body), asked.called};
}

openai::ResponseRendering rendering_of(AskedResponse& asked, Kept& kept, bool is_streamed) {
  const auto created = to_unix_seconds(std::chrono::system_clock::now());
  return {{asked.id, created, asked.called.called},
          asked.request.wishes,
          asked.request.echo,
          is_streamed,
          [&kept](const std::string& id, const std::string& signature) {
            kept.remember(KeptKind::signature, id, signature);
          }};
}

openai::KeptResponse kept_of(const AskedResponse& asked,
                             const openai::ResponseRendering& rendering) {
  openai::KeptResponse kept;
  kept.owner = asked.owner;
  kept.response = rendering.response();
  kept.input = asked.kept_input;
  kept.output = rendering.items();
  return kept;
}

}  // namespace gembal::daemon
