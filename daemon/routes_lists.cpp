#include "daemon/routes_lists.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>

#include "daemon/open_upstream.hpp"
#include "daemon/owning.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"

namespace gembal::daemon {
namespace {

constexpr std::array<std::string_view, 4> kMerged = {"/files", "/cachedContents", "/batches",
                                                     "/fileSearchStores"};
constexpr std::size_t kSideBySide = 8;  // projects asked at once
constexpr std::size_t kReplyBytes = 8u << 20;
constexpr std::chrono::milliseconds kPatience{20'000};  // for one project's page
constexpr std::size_t kMostRounds = 10'000;

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

/// A page of one project's list.
struct Page {
  bool asked = false;
  int status = 0;
  std::string member;  ///< "files"
  std::vector<Json> entries;
  std::string next_token;
  std::optional<Error> error;
};

std::size_t page_size_of(std::string_view query, std::string_view path) {
  const std::size_t standard = path == "/files" ? 10 : 50;
  const auto text = query_value(query, "pageSize").value_or("");
  std::size_t size = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (failure != std::errc() || size == 0) return standard;
  return std::min<std::size_t>(size, path == "/files" ? 100 : 1000);
}

/// The client's query without what pages it.
std::string other_parameters(std::string_view query) {
  std::string kept;
  const auto without = without_token(query);
  if (without.empty()) return kept;
  for (const auto part : split(without, '&')) {
    const auto name = percent_decode(part.substr(0, part.find('=')));
    if (name == "pageSize" || name == "pageToken") continue;
    kept.append("&").append(part);
  }
  return kept;
}

/// Asks one project for a page of its list. What cannot be had is left out of ours.
async::Task<Page> fetch_page(RequestScope& scope, keypool::Key key, std::string token,
                             std::size_t size) {
  Page page;
  page.asked = true;
  const auto& head = scope.exchange.request().head;
  auto query = "pageSize=" + std::to_string(size);
  if (!token.empty()) query += "&pageToken=" + percent_encode(token);
  query += other_parameters(head.query);
  auto call =
      scope.call(scope.live->upstream.url(scope.route.version, scope.route.upstream_path, query));
  auto headers = forwarded_headers(head, scope.live->sandbox);
  std::move(headers.begin(), headers.end(), std::back_inserter(call.headers));
  call.method = "GET";
  call.owner = upstream::OwningKey{key.id, key.project};
  upstream::Journey journey;
  auto limits = limits_of(scope);
  // One project that hangs must not keep the whole list.
  limits.deadline = limits.deadline.count() == 0 ? kPatience : std::min(limits.deadline, kPatience);
  auto answer = co_await scope.services.dispatcher.open(std::move(call), limits,
                                                        scope.exchange.interrupt(), journey);
  if (!answer) {
    page.error = std::move(answer).error();
    co_return page;
  }
  page.status = answer->status();
  const auto body = co_await answer->rest(kReplyBytes);
  if (!body) {
    page.error = body.error();
    co_return page;
  }
  if (page.status != 200) {
    page.error = Error{ErrorKind::upstream, gemini::message_of(*body), ""};
    co_return page;
  }
  auto json = parse_json(*body);
  if (!json || !json->is_object()) {
    page.error = Error{ErrorKind::upstream, "the upstream's list cannot be read", ""};
    co_return page;
  }
  page.next_token = string_in(*json, "nextPageToken");
  std::vector<MadeObject> objects;
  for (auto& [member, value] : json->items()) {
    if (!value.is_array()) continue;
    page.member = member;
    for (auto& entry : value) {
      for (auto& object : objects_in_reply(to_text(entry), wall_clock()))
        objects.push_back(std::move(object));
      page.entries.push_back(std::move(entry));
    }
  }
  co_await remember_objects(scope, std::move(key), std::move(objects));
  co_return page;
}

/// The first pages of several projects, side by side.
async::Task<std::vector<Page>> fetch_pages(RequestScope& scope, std::vector<keypool::Key> keys,
                                           std::string first_token, std::size_t size) {
  std::vector<Page> pages(keys.size());
  std::size_t running = keys.size();
  async::Event done(scope.exchange.loop());
  // Everything that these share outlives them: this coroutine waits for all of them.
  const auto fetch = [&](std::size_t mine, std::string token) -> async::Task<void> {
    pages[mine] = co_await fetch_page(scope, keys[mine], std::move(token), size);
    if (--running == 0) done.signal();
  };
  if (keys.empty()) co_return pages;
  for (std::size_t i = 0; i < keys.size(); ++i)
    scope.exchange.loop().spawn(fetch(i, i == 0 ? first_token : std::string()));
  co_await done.wait();
  co_return pages;
}

/// What a merged page has so far.
struct Merged {
  std::string member;
  Json entries = Json::array();
  std::optional<ListPlace> next;
  std::optional<Error> first_error;
  int first_status = 0;
  std::size_t answered = 0;  ///< projects
};

/// Takes entries off a project's page until `size` are there; true when more of it is left.
bool take_entries(RequestScope& scope, Merged& merged, const keypool::Key& key, Page& page,
                  ListPlace place, std::size_t size) {
  if (page.error) {
    // The others' objects are shown all the same; the log says that some are missing.
    if (scope.failure.empty()) scope.failure = "left out of the list: " + page.error->message;
    if (!merged.first_error) {
      merged.first_error = std::move(page.error);
      merged.first_status = page.status;
    }
    return false;
  }
  ++merged.answered;
  if (!page.member.empty()) merged.member = page.member;
  auto at = std::min(place.skip, page.entries.size());
  while (at < page.entries.size() && merged.entries.size() < size)
    merged.entries.push_back(std::move(page.entries[at++]));
  if (at < page.entries.size()) {
    merged.next = ListPlace{key.id, place.token, at};
  } else if (!page.next_token.empty()) {
    merged.next = ListPlace{key.id, page.next_token, 0};
  } else {
    return false;
  }
  return true;
}

async::Task<Merged> merge(RequestScope& scope, std::vector<keypool::Key> keys, ListPlace place,
                          std::size_t size) {
  Merged merged;
  std::size_t first = 0;
  while (first < keys.size() && keys[first].id < place.key_id) ++first;
  if (first < keys.size() && keys[first].id != place.key_id) place = {keys[first].id, "", 0};
  for (std::size_t round = 0; first < keys.size() && round < kMostRounds; ++round) {
    const auto last = std::min(first + kSideBySide, keys.size());
    std::vector<keypool::Key> some(keys.begin() + static_cast<std::ptrdiff_t>(first),
                                   keys.begin() + static_cast<std::ptrdiff_t>(last));
    auto pages = co_await fetch_pages(scope, some, place.token, size);
    for (std::size_t i = 0; i < some.size(); ++i, ++first) {
      if (merged.entries.size() >= size) {
        merged.next = ListPlace{some[i].id, "", 0};
        co_return merged;
      }
      auto page = std::move(pages[i]);
      while (take_entries(scope, merged, some[i], page, place, size)) {
        if (merged.entries.size() >= size) co_return merged;
        place = *std::exchange(merged.next, std::nullopt);
        page = co_await fetch_page(scope, some[i], place.token, size);
      }
      place = {};
    }
  }
  co_return merged;
}

}  // namespace

bool is_merged_list(std::string_view method, std::string_view path) {
  return (method == "GET" || method == "HEAD") &&
         std::find(kMerged.begin(), kMerged.end(), path) != kMerged.end();
}

std::string to_page_token(const ListPlace& place) {
  auto token =
      base64_encode(to_text({{"key", place.key_id}, {"token", place.token}, {"skip", place.skip}}));
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  return token;
}

std::optional<ListPlace> parse_page_token(std::string_view token) {
  std::string standard(token);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  const auto text = base64_decode(standard);
  const auto json = text ? parse_json(*text) : Result<Json>(Error{});
  if (!json || !json->is_object()) return std::nullopt;
  const auto skip = integer_in(*json, "skip").value_or(-1);
  if (string_in(*json, "key").empty() || skip < 0) return std::nullopt;
  return ListPlace{std::string(string_in(*json, "key")), std::string(string_in(*json, "token")),
                   static_cast<std::size_t>(skip)};
}

async::Task<void> list_merged(RequestScope& scope) {
  const auto& query = scope.exchange.request().head.query;
  const auto size = page_size_of(query, scope.route.upstream_path);
  ListPlace place;
  if (const auto token = query_value(query, "pageToken"); token && !token->empty()) {
    auto known = parse_page_token(*token);
    if (!known) {
      co_await answer_error(scope, 400, "pageToken is none of this list");
      co_return;
    }
    place = *std::move(known);
  }
  auto keys = scope.services.dispatcher.pool().one_of_each_project();
  if (keys.empty()) {
    Error error{ErrorKind::no_usable_key, "no usable API key", "'gembal keys list' says why"};
    co_await answer_error(scope, std::move(error));
    co_return;
  }
  auto merged = co_await merge(scope, std::move(keys), std::move(place), size);
  if (merged.answered == 0 && merged.first_error) {
    if (merged.first_status >= 400) {
      co_await answer_error(scope, merged.first_status, merged.first_error->message);
    } else {
      co_await answer_error(scope, *std::move(merged.first_error));
    }
    co_return;
  }
  Json reply = Json::object();
  if (!merged.entries.empty()) reply[merged.member] = std::move(merged.entries);
  if (merged.next) reply["nextPageToken"] = to_page_token(*merged.next);
  co_await answer_json(scope, to_text(reply));
}

}  // namespace gembal::daemon
