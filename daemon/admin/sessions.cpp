#include "daemon/admin/sessions.hpp"

#include <algorithm>

#include "lib/core/digest.hpp"
#include "lib/core/secret.hpp"
#include "lib/core/text.hpp"

namespace gembal::daemon::admin {
namespace {

constexpr std::size_t kMostSessions = 1'000;
constexpr std::size_t kMostAddresses = 10'000;
constexpr int kFree = 5;        // wrong tokens before an address has to wait
constexpr int kFreeOfAll = 50;  // and all together
constexpr auto kLongestWait = std::chrono::seconds{300};
constexpr auto kForgotten = std::chrono::minutes{15};

std::chrono::seconds pause_after(int failures, int free) {
  if (failures < free) return std::chrono::seconds{0};
  const int doublings = std::min(failures - free, 10);
  return std::min(std::chrono::seconds{1 << doublings}, kLongestWait);
}

}  // namespace

Sessions::Session Sessions::begin(std::chrono::milliseconds lasts, Time now) {
  Session session{random_hex(32), random_hex(16), now + lasts};
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [now](const auto& one) { return one.second.ends <= now; });
  if (sessions_.size() >= kMostSessions) sessions_.clear();
  sessions_.emplace(sha256_hex(session.cookie), session);
  return session;
}

std::optional<Sessions::Session> Sessions::find(const front::RequestHead& head, bool reads_only,
                                                std::chrono::milliseconds lasts, Time now) {
  const auto cookie = cookie_value(head, kSessionCookie);
  if (cookie.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto known = sessions_.find(sha256_hex(cookie));
  if (known == sessions_.end() || known->second.ends <= now) return std::nullopt;
  auto& session = known->second;
  if (!reads_only && !Secret(session.csrf).matches(head.field("x-csrf-token"))) return std::nullopt;
  session.ends = now + lasts;
  return session;
}

void Sessions::end(std::string_view cookie) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(sha256_hex(cookie));
}

void Sessions::end_all() {
  const std::lock_guard lock(mutex_);
  sessions_.clear();
}

std::string cookie_value(const front::RequestHead& head, std::string_view name) {
  for (const auto& [field, value] : head.fields) {
    if (!iequals(field, "cookie")) continue;
    for (const auto part : split(value, ';')) {
      const auto pair = trim(part);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name)
        return std::string(pair.substr(equals + 1));
    }
  }
  return "";
}

std::chrono::seconds Attempts::wait(const std::string& address, Time now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  auto until = all_.until;
  if (const auto known = by_address_.find(address); known != by_address_.end())
    until = std::max(until, known->second.until);
  return until <= now ? std::chrono::seconds{0}
                      : std::chrono::ceil<std::chrono::seconds>(until - now);
}

void Attempts::failed(const std::string& address, Time now) {
  const std::lock_guard lock(mutex_);
  if (by_address_.size() >= kMostAddresses) by_address_.clear();
  auto& own = by_address_[address];
  ++own.count;
  own.until = now + pause_after(own.count, kFree);
  own.last = now;
  ++all_.count;
  all_.until = now + pause_after(all_.count, kFreeOfAll);
  all_.last = now;
}

void Attempts::succeeded(const std::string& address) {
  const std::lock_guard lock(mutex_);
  by_address_.erase(address);
}

void Attempts::forget_old(Time now) {
  std::erase_if(by_address_, [now](const auto& one) { return one.second.last + kForgotten < now; });
  if (all_.last + kForgotten < now) all_ = {};
}

}  // namespace gembal::daemon::admin
