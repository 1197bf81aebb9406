#include "daemon/model_catalog.hpp"

#include <algorithm>

#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/gemini/model_list.hpp"
#include "lib/log/log.hpp"

namespace gembal::daemon {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kSideBySide = 8;      // projects asked at once
constexpr std::size_t kMostProjects = 100;  // asked in all: their lists hardly differ
constexpr std::size_t kReplyBytes = 8u << 20;
constexpr std::size_t kMostPages = 20;
constexpr std::chrono::milliseconds kPatience{20'000};  // for one page
constexpr std::chrono::seconds kLife{24 * 3600};
constexpr std::chrono::seconds kLifeOfParts{600};        // where some keys did not answer
constexpr std::chrono::seconds kPause{10};               // where none did
constexpr auto kLookInterval = std::chrono::seconds{1};  // at changed keys

/// In order, as the keys are.
std::vector<std::string> ids_of(const std::vector<keypool::Key>& keys) {
  std::vector<std::string> ids;
  ids.reserve(keys.size());
  for (const auto& key : keys) ids.push_back(key.id);
  return ids;
}

/// Of many projects some, evenly out of all.
std::vector<keypool::Key> some_of(std::vector<keypool::Key> keys) {
  if (keys.size() <= kMostProjects) return keys;
  std::vector<keypool::Key> some;
  for (std::size_t i = 0; i < kMostProjects; ++i)
    some.push_back(std::move(keys[i * keys.size() / kMostProjects]));
  return some;
}

}  // namespace

/// A request that waits for the first answers. Its loop, and what it came to.
struct ModelCatalog::Waiter {
  explicit Waiter(async::Loop& its_loop) : loop(its_loop), done(its_loop) {}

  async::Loop& loop;
  async::Event done;
  std::optional<Result<Models>> result;  ///< set on `loop`
};

ModelCatalog::ModelCatalog(keypool::KeyPool& pool, upstream::Proxies& proxies, Learned learned,
                           std::shared_ptr<const Live> live)
    : pool_(pool),
      client_(loop_, {}),
      dispatcher_(loop_, client_, pool, proxies, std::move(learned)),
      live_(std::move(live)) {
  thread_ = std::thread([this] {
    const auto stays = asio::make_work_guard(loop_.context());
    loop_.run();
  });
}

ModelCatalog::~ModelCatalog() {
  loop_.post([this] {
    stopping_ = true;
    interrupt_.raise();
    if (!refreshing_) loop_.stop();
  });
  thread_.join();
}

void ModelCatalog::set_live(std::shared_ptr<const Live> live) {
  loop_.post([this, live = std::move(live)] {
    // Another upstream may have other models.
    if (live->upstream.url("") != live_->upstream.url("")) good_until_ = {};
    live_ = live;
  });
}

async::Task<Result<ModelCatalog::Models>> ModelCatalog::models(async::Loop& loop,
                                                               async::Interrupt& interrupt) {
  if (pool_.usable() == 0) {
    co_return Error{ErrorKind::no_usable_key, "no usable API key", "'gembal keys list' says why"};
  }
  std::shared_ptr<Waiter> waiter;
  bool looks = false;
  Models known;
  {
    const std::lock_guard lock(mutex_);
    known = known_;
    if (!known) {
      waiter = std::make_shared<Waiter>(loop);
      waiting_.push_back(waiter);
    }
    const auto now = steady_clock::now();
    looks = waiter || now - looked_ >= kLookInterval;
    if (looks) looked_ = now;
  }
  if (looks) loop_.post([this] { look(); });
  if (!waiter) co_return known;
  {
    const async::Interrupt::Subscription left(interrupt, [waiter] { waiter->done.signal(); });
    co_await waiter->done.wait();
  }
  if (waiter->result) co_return *waiter->result;
  co_return Error{ErrorKind::cancelled, "the client left", ""};
}

/// Begins to ask when nothing is known, or when that is old or of other keys.
void ModelCatalog::look() {
  if (refreshing_ || stopping_) return;
  auto keys = pool_.one_of_each_project();
  auto ids = ids_of(keys);
  const bool is_good = steady_clock::now() < good_until_ && ids == ids_;
  if (is_good && is_known()) return;
  ids_ = std::move(ids);
  refreshing_ = true;
  loop_.spawn(refresh(some_of(std::move(keys))));
}

async::Task<void> ModelCatalog::refresh(std::vector<keypool::Key> keys) {
  std::vector<Json> all;
  std::optional<Error> why_not;
  bool is_answered = false;
  for (std::size_t first = 0; first < keys.size() && !stopping_; first += kSideBySide) {
    auto some = co_await ask_some(keys, first);
    for (auto& told : some) {
      if (told.error) {
        if (!why_not) why_not = std::move(told.error);
        continue;
      }
      is_answered = true;
      gemini::merge_models(all, std::move(told.models));
    }
    // Whoever waits for the very first list need not wait for the last of many keys.
    if (is_answered && !is_known()) publish(std::make_shared<const std::vector<Json>>(all));
  }
  const auto life = !why_not ? kLife : is_answered ? kLifeOfParts : kPause;
  good_until_ = steady_clock::now() + life;
  if (is_answered) {
    publish(std::make_shared<const std::vector<Json>>(std::move(all)));
  } else {
    Error none{ErrorKind::no_usable_key, "no usable API key", "'gembal keys list' says why"};
    publish(why_not ? *std::move(why_not) : std::move(none));
  }
  // Keys that were found bad in asking have not told anything: without them it is the same list.
  auto left = ids_of(pool_.one_of_each_project());
  if (std::includes(ids_.begin(), ids_.end(), left.begin(), left.end())) ids_ = std::move(left);
  refreshing_ = false;
  if (stopping_) loop_.stop();
}

bool ModelCatalog::is_known() {
  const std::lock_guard lock(mutex_);
  return known_ != nullptr;
}

async::Task<std::vector<ModelCatalog::Told>> ModelCatalog::ask_some(
    const std::vector<keypool::Key>& keys, std::size_t first) {
  const auto count = std::min(kSideBySide, keys.size() - first);
  std::vector<Told> told(count);
  std::size_t running = count;
  async::Event done(loop_);
  // Everything that these share outlives them: this coroutine waits for all of them.
  const auto ask_one = [&](std::size_t i) -> async::Task<void> {
    told[i] = co_await ask(keys[first + i]);
    if (--running == 0) done.signal();
  };
  for (std::size_t i = 0; i < count; ++i) loop_.spawn(ask_one(i));
  co_await done.wait();
  co_return told;
}

async::Task<ModelCatalog::Told> ModelCatalog::ask(keypool::Key key) {
  Told told;
  const auto live = live_;
  std::string token;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    std::string query = "pageSize=1000";
    if (!token.empty()) query += "&pageToken=" + percent_encode(token);
    upstream::Call call;
    call.method = "GET";
    call.url = live->upstream.url("/models", query);
    call.headers = live->extra_headers;
    call.owner = upstream::OwningKey{key.id, key.project};
    auto limits = live->limits;
    limits.max_wait = {};
    limits.deadline = kPatience;
    upstream::Journey journey;
    auto answer = co_await dispatcher_.open(std::move(call), limits, interrupt_, journey);
    if (!answer) {
      told.error = std::move(answer).error();
      co_return told;
    }
    const auto body = co_await answer->rest(kReplyBytes);
    if (!body || answer->status() != 200) {
      told.error = body ? Error{ErrorKind::upstream, gemini::message_of(*body), ""} : body.error();
      co_return told;
    }
    auto list = parse_json(*body);
    Json* models =
        list && list->is_object() && list->contains("models") ? &(*list)["models"] : nullptr;
    if (!list || (models && !models->is_array())) {
      told.error = Error{ErrorKind::upstream, "the upstream's list of models cannot be read", ""};
      co_return told;
    }
    for (std::size_t i = 0; models && i < models->size(); ++i)
      told.models.push_back(std::move((*models)[i]));
    token = string_in(*list, "nextPageToken");
    if (token.empty()) break;
  }
  co_return told;
}

void ModelCatalog::publish(Result<Models> result) {
  std::vector<std::shared_ptr<Waiter>> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (result) known_ = *result;
    waiting.swap(waiting_);
  }
  for (auto& waiter : waiting) {
    waiter->loop.post([waiter, result] {
      waiter->result = result;
      waiter->done.signal();
    });
  }
}

}  // namespace gembal::daemon
