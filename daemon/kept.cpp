#include "daemon/kept.hpp"

namespace gembal::daemon {
namespace {

constexpr Milliseconds kPatienceForSignatures{100};
constexpr Milliseconds kPatience{2'000};
constexpr std::size_t kMostNames = 100;
constexpr int kMostAsking = 200;  // more wait only where the store stalls

TimePoint wall_clock() { return std::chrono::system_clock::now(); }

}  // namespace

void Kept::remember(KeptKind kind, std::string name, std::string value) {
  memory_.remember(kind, std::move(name), std::move(value), wall_clock());
}

void Kept::forget(KeptKind kind, std::string name) { memory_.forget(kind, std::move(name)); }

std::optional<std::string> Kept::find(KeptKind kind, const std::string& name) {
  auto found = memory_.find(kind, name, wall_clock());
  if (!found) return std::nullopt;
  return std::move(found->value);
}

async::Task<void> Kept::load(async::Loop& loop, KeptKind kind, std::vector<std::string> names) {
  const auto now = wall_clock();
  std::erase_if(names, [&](const std::string& name) {
    return name.empty() || memory_.find(kind, name, now).has_value();
  });
  if (names.size() > kMostNames) names.erase(names.begin(), names.end() - kMostNames);
  if (names.empty()) co_return;
  auto values = co_await ask_store(loop, kind, std::move(names), kPatienceForSignatures);
  if (!values) co_return;
  for (auto& value : *values) memory_.learn(kind, std::move(value));
}

async::Task<Result<std::optional<std::string>>> Kept::read(async::Loop& loop, KeptKind kind,
                                                           std::string name) {
  if (auto found = memory_.find(kind, name, wall_clock())) co_return std::move(found->value);
  std::vector<std::string> names;
  names.push_back(std::move(name));
  auto values = co_await ask_store(loop, kind, std::move(names), kPatience);
  if (!values) co_return std::move(values).error();
  if (values->empty()) co_return std::optional<std::string>();
  co_return std::optional<std::string>(std::move(values->front().value));
}

async::Task<Kept::Values> Kept::ask_store(async::Loop& loop, KeptKind kind,
                                          std::vector<std::string> names, Milliseconds patience) {
  if (!open_store_) co_return std::vector<store::KeptValue>();
  const Error stalls{ErrorKind::store, "the key store does not answer", "try again in a while"};
  if (asking_.fetch_add(1) >= kMostAsking) {
    --asking_;
    co_return stalls;
  }
  auto work = [this, kind, names = std::move(names)] {
    Values found = std::vector<store::KeptValue>();
    if (!store_) {
      auto opened = open_store_();
      if (opened) {
        store_ = *std::move(opened);
      } else {
        found = std::move(opened).error();
      }
    }
    if (store_) found = store_->kept(to_string(kind), names, wall_clock());
    --asking_;
    return found;
  };
  auto values = co_await thread_.run_within(loop, patience, std::move(work));
  if (!values) co_return stalls;
  co_return *std::move(values);
}

}  // namespace gembal::daemon
