#include "daemon/admin/desk.hpp"

#include <httplib.h>

#include <future>

#include "daemon/admin/api.hpp"
#include "daemon/admin/records_json.hpp"
#include "daemon/front/site.hpp"
#include "daemon/model_catalog.hpp"
#include "lib/core/text.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon::admin {
namespace {

constexpr auto kOverviewIsGood = std::chrono::seconds{1};
constexpr auto kWriting = std::chrono::seconds{2};

/// "/api/admin/keys/{id}" as cpp-httplib matches it.
std::string pattern_of(std::string_view path) {
  std::string pattern;
  while (!path.empty()) {
    const auto brace = path.find('{');
    pattern += path.substr(0, brace);
    if (brace == std::string_view::npos) break;
    pattern += "([^/]+)";
    path.remove_prefix(path.find('}') + 1);
  }
  return pattern;
}

void answer(httplib::Response& response, int status, const Json& json) {
  response.status = status;
  response.set_content(to_text(json), "application/json; charset=utf-8");
}

void answer(httplib::Response& response, const Error& error) {
  if (error.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
    response.set_header("retry-after", std::to_string(std::max<std::int64_t>(seconds, 1)));
  }
  answer(response, http_status(error.kind), error_json(error));
}

Result<Asked> read(const httplib::Request& request) {
  Asked asked;
  for (std::size_t i = 1; i < request.matches.size(); ++i)
    asked.names.push_back(percent_decode(request.matches[i].str()));
  for (const auto& [name, value] : request.params) asked.query.emplace(name, value);
  asked.body = Json::object();
  if (request.body.empty()) return asked;
  auto body = parse_json(request.body);
  if (!body) return std::move(body).error();
  if (!body->is_object())
    return Error{ErrorKind::bad_request, "the body must be a JSON object", ""};
  asked.body = *std::move(body);
  return asked;
}

}  // namespace

/// The routes on cpp-httplib.
class Desk::Site {
 public:
  explicit Site(Desk& desk) {
    for (const auto& route : admin_routes()) {
      const auto handler = [&desk, &route](const httplib::Request& request,
                                           httplib::Response& response) {
        auto asked = read(request);
        if (!asked) return answer(response, asked.error());
        auto told = route.answer(desk, *asked);
        if (!told) return answer(response, told.error());
        if (!told->file_name.empty())
          response.set_header("content-disposition",
                              "attachment; filename=\"" + told->file_name + "\"");
        if (told->content_type.empty()) return answer(response, 200, told->json);
        response.set_content(told->text, told->content_type);
      };
      const std::string_view method = route.method;
      const auto pattern = pattern_of(route.path);
      auto& routes = site_.routes();
      if (method == "GET") routes.Get(pattern, handler);
      if (method == "POST") routes.Post(pattern, handler);
      if (method == "PATCH") routes.Patch(pattern, handler);
      if (method == "DELETE") routes.Delete(pattern, handler);
    }
  }

  Response serve(const Request& request) const { return site_.serve(request); }

 private:
  front::Site site_;
};

Desk::Desk(DeskParts parts)
    : parts_(std::move(parts)),
      site_(std::make_unique<Site>(*this)),
      workers_(std::make_unique<async::Workers>(2)) {
  watcher_ = parts_.recorder.watch([this](const store::RequestRecord& request) {
    if (feed_.has_listeners()) feed_.tell("request", to_json(request));
  });
}

Desk::~Desk() { parts_.recorder.unwatch(watcher_); }

void Desk::close() { feed_.close(); }

Response Desk::serve(const Request& request) {
  auto response = site_->serve(request);
  if (response.status == 404 && response.body.find("\"kind\"") == std::string::npos) {
    const Error error{ErrorKind::not_found,
                      "there is nothing at " + std::string(request.head.method) + " " +
                          std::string(request.head.path),
                      "GET /api/admin/openapi.json lists what there is"};
    response.body = to_text(error_json(error));
  }
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

void Desk::set_live(std::shared_ptr<const Live> live) {
  const std::lock_guard lock(mutex_);
  live_ = std::move(live);
}

std::shared_ptr<const Live> Desk::live() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

void Desk::connect(StoreWriter* writer, ModelCatalog* catalog) {
  const std::lock_guard lock(mutex_);
  writer_ = writer;
  catalog_ = catalog;
}

ModelCatalog* Desk::catalog() {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

Result<void> Desk::open_store() {
  if (!store_) {
    auto opened = store::KeyStore::open(parts_.store_url);
    if (!opened) return std::move(opened).error();
    store_ = *std::move(opened);
  }
  if (!journal_) {
    auto opened = store::Journal::open(parts_.store_url);
    if (!opened) return std::move(opened).error();
    journal_ = *std::move(opened);
  }
  return {};
}

void Desk::written() {
  const std::lock_guard lock(mutex_);
  if (writer_) writer_->look();
}

/// Each result counts as that of a request would. A disabled key that works is enabled, unless its
/// owner disabled it.
void Desk::learn_checks(const std::string& model, const std::vector<keypool::Key>& keys,
                        const std::vector<upstream::KeyCheck>& checks) {
  const auto now = std::chrono::system_clock::now();
  std::vector<keypool::Change> changes;
  std::vector<std::string> to_enable;
  keypool::Wish wish;
  wish.model = model;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& key = keys[i];
    if (key.disabled) {
      if (is_usable(checks[i].verdict) && !keypool::disabled_by_owner(key))
        to_enable.push_back(key.id);
      continue;
    }
    auto lease = parts_.pool.take_owner(key.id, "", wish, now);
    if (!lease) continue;  // it waits: what it waits for is known better than by one more answer
    auto report = parts_.pool.report(*lease, checks[i].judged, now, checks[i].way);
    std::move(report.changes.begin(), report.changes.end(), std::back_inserter(changes));
  }
  const auto written = std::make_shared<std::promise<void>>();
  {
    const std::lock_guard lock(mutex_);
    if (!writer_) return;
    if (!to_enable.empty()) writer_->enable(std::move(to_enable));
    writer_->remember(std::move(changes));
    writer_->remember(std::vector<store::ObjectOwner>(), [written] { written->set_value(); });
  }
  // Whoever acts on what the check has found acts on what is in the store.
  (void)written->get_future().wait_for(kWriting);
}

void Desk::audit(const std::string& what, const std::string& about) {
  log::info("the administrator " + what, {{"about", about}});
}

Result<Json> Desk::overview() {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (!overview_.is_null() && now - overview_made_ < kOverviewIsGood) return overview_;
  }
  Result<Told> told(Error{});
  for (const auto& route : overview_routes()) {
    if (std::string_view(route.path) == "/api/admin/overview") told = route.answer(*this, {});
  }
  if (!told) return std::move(told).error();
  const std::lock_guard lock(mutex_);
  overview_ = told->json;
  overview_made_ = now;
  return overview_;
}

}  // namespace gembal::daemon::admin
