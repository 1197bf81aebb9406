#include "daemon/admin/live_feed.hpp"

#include <utility>

namespace gembal::daemon::admin {
namespace {

constexpr std::size_t kMostWaiting = 256 * 1024;

}  // namespace

std::string LiveFeed::Listener::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

std::shared_ptr<LiveFeed::Listener> LiveFeed::listen(std::function<void()> wake) {
  auto listener = std::make_shared<Listener>();
  listener->wake_ = std::move(wake);
  const std::lock_guard lock(mutex_);
  listeners_.emplace(listener.get(), listener);
  return listener;
}

void LiveFeed::leave(const std::shared_ptr<Listener>& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(listener.get());
  const std::lock_guard own(listener->mutex_);
  listener->wake_ = nullptr;
}

bool LiveFeed::has_listeners() const {
  const std::lock_guard lock(mutex_);
  return !listeners_.empty();
}

void LiveFeed::close() {
  closed_ = true;
  const std::lock_guard lock(mutex_);
  for (auto& [address, listener] : listeners_) {
    const std::lock_guard own(listener->mutex_);
    if (listener->wake_) listener->wake_();
  }
}

void LiveFeed::tell(std::string_view event, const Json& data) {
  const std::lock_guard lock(mutex_);
  if (listeners_.empty()) return;
  std::string text = "event: ";
  text.append(event).append("\ndata: ").append(to_text(data)).append("\n\n");
  for (auto& [address, listener] : listeners_) {
    const std::lock_guard own(listener->mutex_);
    if (listener->waiting_.size() + text.size() > kMostWaiting) {
      listener->waiting_ = "event: lost\ndata: {}\n\n";
    } else {
      listener->waiting_ += text;
    }
    if (listener->wake_) listener->wake_();
  }
}

}  // namespace gembal::daemon::admin
