#include "daemon/fetch_links.hpp"

#include <algorithm>
#include <unordered_map>

#include "daemon/open_upstream.hpp"
#include "lib/core/json.hpp"
#include "lib/http/download.hpp"
#include "lib/openai/links.hpp"

namespace gembal::daemon {
namespace {

constexpr std::size_t kSideBySide = 4;
constexpr std::size_t kMostLinks = 100;
constexpr std::size_t kMostBytes = 100u << 20;  // more than a request of the API may have

/// One thing to fetch, for all places that name it: a conversation repeats its pictures.
struct Errand {
  http::Link link;
  std::vector<const openai::ContentLink*> places;
};

/// What the errands of a request share. Lives until the last of them is done.
struct Errands {
  explicit Errands(async::Loop& loop) : done(loop) {}

  std::vector<openai::ContentLink> links;
  std::vector<Errand> all;
  http::DownloadRules rules;
  std::size_t next = 0;
  std::size_t running = 0;
  std::size_t bytes = 0;
  std::optional<Error> error;  ///< the first
  async::Interrupt stop;
  async::Event done;

  void fail(Error why) {
    if (error) return;
    error = std::move(why);
    stop.raise();
  }
};

Result<void> fill_all(const Errand& errand, const http::Downloaded& fetched) {
  for (const auto* place : errand.places) {
    auto filled = openai::fill(*place, fetched.body, fetched.content_type);
    if (!filled) return openai::link_error(*place, errand.link.shown, std::move(filled).error());
  }
  return {};
}

async::Task<void> fetch_one(RequestScope& scope, Errands& errands, const Errand& errand) {
  auto fetched =
      co_await http::download(scope.services.client, errand.link, errands.rules, errands.stop);
  if (!fetched) {
    errands.fail(
        openai::link_error(*errand.places.front(), errand.link.shown, std::move(fetched).error()));
    co_return;
  }
  errands.bytes += fetched->body.size() * errand.places.size();
  if (errands.bytes > kMostBytes) {
    errands.fail(openai::link_error(
        *errand.places.front(), errand.link.shown,
        {ErrorKind::bad_request, "with the others it is more than 100 MiB", ""}));
    co_return;
  }
  auto filled =
      co_await compute(scope, fetched->body.size(), [&] { return fill_all(errand, *fetched); });
  if (!filled) errands.fail(std::move(filled).error());
}

async::Task<void> run_errands(RequestScope& scope, Errands& errands) {
  while (errands.next < errands.all.size() && !errands.error) {
    const auto& errand = errands.all[errands.next++];
    co_await fetch_one(scope, errands, errand);
  }
  if (--errands.running == 0) errands.done.signal();
}

/// What there is to fetch.
Result<std::vector<Errand>> plan(const std::vector<openai::ContentLink>& links) {
  std::vector<Errand> errands;
  std::unordered_map<std::string, std::size_t> known;
  for (const auto& link : links) {
    auto read = http::read_link(link.url);
    if (!read) {
      return openai::link_error(link, "that address",
                                {ErrorKind::bad_request, "it is no http(s) link", ""});
    }
    const auto [place, is_new] = known.emplace(read->url, errands.size());
    if (is_new) errands.push_back({*std::move(read), {}});
    errands[place->second].places.push_back(&link);
  }
  if (errands.size() > kMostLinks) {
    Error error{ErrorKind::bad_request,
                "the request has more than " + std::to_string(kMostLinks) + " links to fetch", ""};
    error.param = links.front().param.substr(0, links.front().param.find('['));
    return error;
  }
  return errands;
}

}  // namespace

async::Task<Result<std::size_t>> fetch_links(RequestScope& scope, Json& request) {
  const auto& options = scope.live->config.downloads;
  if (!options.enabled) co_return std::size_t{0};
  auto links = openai::links_in(request, scope.live->config.upstream.base_url);
  if (links.empty()) co_return std::size_t{0};
  auto& exchange = scope.exchange;
  Errands errands(exchange.loop());
  errands.links = std::move(links);
  auto planned = plan(errands.links);
  if (!planned) co_return std::move(planned).error();
  errands.all = *std::move(planned);
  errands.rules = {options.max_bytes, options.timeout, options.private_hosts};
  const async::Interrupt::Subscription left(exchange.interrupt(), [&errands] {
    errands.fail({ErrorKind::cancelled, "the client left", ""});
  });
  errands.running = std::min(kSideBySide, errands.all.size());
  for (std::size_t i = errands.running; i > 0; --i)
    exchange.loop().spawn(run_errands(scope, errands));
  co_await errands.done.wait();
  if (errands.error) co_return *std::move(errands.error);
  co_return errands.bytes;
}

}  // namespace gembal::daemon
