#include "lib/upstream/key_check.hpp"

#include "lib/gemini/error_reply.hpp"
#include "lib/upstream/verdict.hpp"

namespace gembal::upstream {
namespace {

using keypool::Outcome;

constexpr std::size_t kMostBody = 256 * 1024;
constexpr std::size_t kMostExits = 4;  // that one key is asked through

std::shared_ptr<const std::string> question() {
  static const auto body = std::make_shared<const std::string>(
      R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":1}})");
  return body;
}

async::Task<KeyCheck> ask_through(http::Client& client, const CheckOptions& options,
                                  const Secret& key, Exit exit, async::Interrupt& interrupt) {
  KeyCheck check;
  http::Request request;
  request.method = "POST";
  request.url = options.url;
  request.headers = options.headers;
  request.headers.push_back("content-type: application/json");
  request.headers.push_back("x-goog-api-key: " + key.reveal());
  request.body = question();
  request.timeouts = options.timeouts;
  request.proxy = exit.proxy;
  const auto began = std::chrono::steady_clock::now();
  http::Reply reply = client.open(std::move(request));
  const async::Interrupt::Subscription on_interrupt(interrupt, [&reply] {
    reply.abort({ErrorKind::cancelled, "interrupted"});
  });

  const auto arrived = co_await reply.wait_for_head();
  std::string body;
  while (arrived && body.size() < kMostBody) {
    const auto piece = co_await reply.next();
    if (!piece) break;
    body += *piece;
  }
  const auto now = std::chrono::steady_clock::now();
  check.latency = std::chrono::duration_cast<std::chrono::milliseconds>(now - began);
  if (!arrived) {
    check.message = arrived.error().message;
    check.judged.outcome = Outcome::broken;
    check.is_proxys = arrived.error().kind == ErrorKind::proxy;
    if (check.is_proxys) options.proxies->failed(exit, check.message, now);
    co_return check;
  }
  if (reply.head().status >= 400) {
    check.judged =
        judge_error(reply.head().status, body, Subject::model, std::chrono::system_clock::now());
    check.message = gemini::message_of(body);
  }
  check.verdict = key_verdict(check.judged);
  if (!exit.proxy) co_return check;
  check.is_proxys = check.judged.outcome == Outcome::exit_blocked;
  if (check.is_proxys) {
    options.proxies->refused(exit, check.judged.reason, now);
  } else {
    options.proxies->worked(exit);
  }
  co_return check;
}

/// Through the key's own proxy, or through others when that one fails.
async::Task<KeyCheck> check_one(http::Client& client, const CheckOptions& options,
                                const Secret& key, async::Interrupt& interrupt) {
  const auto id = key.id();
  std::vector<std::uint32_t> tried;
  for (;;) {
    Exit exit;
    if (options.proxies && options.proxies->any())
      exit = options.proxies->choose(id, tried, std::chrono::steady_clock::now());
    tried.push_back(exit.id);
    auto check = co_await ask_through(client, options, key, exit, interrupt);
    const bool is_last = !check.is_proxys || tried.size() >= kMostExits || interrupt.raised() ||
                         !options.proxies->has_other(tried);
    if (!is_last) continue;
    if (exit.id != 0) check.way = {exit.id, !options.proxies->has_other({exit.id})};
    co_return check;
  }
}

}  // namespace

const char* to_string(KeyVerdict verdict) {
  switch (verdict) {
    case KeyVerdict::valid: return "valid";
    case KeyVerdict::limited: return "limited";
    case KeyVerdict::invalid: return "invalid";
    case KeyVerdict::expired: return "expired";
    case KeyVerdict::leaked: return "leaked";
    case KeyVerdict::suspended: return "suspended";
    case KeyVerdict::blocked: return "blocked";
    case KeyVerdict::no_billing: return "no-billing";
    case KeyVerdict::region: return "region";
    case KeyVerdict::unreachable: return "unreachable";
  }
  return "unreachable";
}

KeyVerdict read_key_verdict(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(KeyVerdict::unreachable); ++i) {
    const auto verdict = static_cast<KeyVerdict>(i);
    if (text == to_string(verdict)) return verdict;
  }
  return KeyVerdict::unreachable;
}

bool is_usable(KeyVerdict verdict) {
  return verdict == KeyVerdict::valid || verdict == KeyVerdict::limited;
}

bool is_bad(KeyVerdict verdict) {
  return !is_usable(verdict) && verdict != KeyVerdict::unreachable && verdict != KeyVerdict::region;
}

KeyVerdict key_verdict(const keypool::Verdict& judged) {
  switch (judged.outcome) {
    case Outcome::success: return KeyVerdict::valid;
    case Outcome::quota_minute:
    case Outcome::quota_day:
    case Outcome::quota_zero: return KeyVerdict::limited;
    case Outcome::no_credit: return KeyVerdict::no_billing;
    case Outcome::exit_blocked: return KeyVerdict::region;
    case Outcome::key_dead:
      if (judged.reason == "leaked") return KeyVerdict::leaked;
      if (judged.reason == "suspended" || judged.reason == "project banned")
        return KeyVerdict::suspended;
      return judged.reason == "expired" ? KeyVerdict::expired : KeyVerdict::invalid;
    case Outcome::key_unusable:
      if (judged.reason == "billing") return KeyVerdict::no_billing;
      if (judged.reason == "SERVICE_DISABLED" || judged.reason == "blocked" ||
          judged.reason.ends_with("_BLOCKED")) {
        return KeyVerdict::blocked;
      }
      return KeyVerdict::invalid;
    // The model is closed to the key's project, or busy: the key itself was accepted.
    case Outcome::model_closed: return KeyVerdict::valid;
    case Outcome::caller_fault:
    case Outcome::model_overloaded:
    case Outcome::broken:
    case Outcome::wrong_object:
    case Outcome::proxy_fault: return KeyVerdict::unreachable;
  }
  return KeyVerdict::unreachable;
}

async::Task<std::vector<KeyCheck>> check_keys(async::Loop& loop, http::Client& client,
                                              CheckOptions options, std::vector<Secret> keys,
                                              std::function<void(std::size_t)> progress,
                                              async::Interrupt& interrupt) {
  std::vector<KeyCheck> checks(keys.size());
  std::size_t next = 0;
  std::size_t done = 0;
  std::size_t running = std::min(std::max<std::size_t>(options.jobs, 1), keys.size());
  async::Event finished(loop);
  // Everything that the workers share outlives them: this coroutine waits for all of them.
  const auto work = [&]() -> async::Task<void> {
    while (next < keys.size() && !interrupt.raised()) {
      const auto mine = next++;
      checks[mine] = co_await check_one(client, options, keys[mine], interrupt);
      progress(++done);
    }
    if (--running == 0) finished.signal();
  };
  if (running == 0) co_return checks;
  for (auto workers = running; workers > 0; --workers) loop.spawn(work());
  co_await finished.wait();
  co_return checks;
}

}  // namespace gembal::upstream
