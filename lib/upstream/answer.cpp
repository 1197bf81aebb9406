#include "lib/upstream/answer.hpp"

#include <utility>

#include "lib/gemini/usage.hpp"

namespace gembal::upstream {

Answer::Answer(http::Reply reply, std::string held, async::Interrupt& interrupt)
    : reply_(std::make_unique<http::Reply>(std::move(reply))),
      on_interrupt_(std::make_unique<async::Interrupt::Subscription>(
          interrupt,
          [source = reply_.get()] {
            source->abort({ErrorKind::cancelled, "the request was cancelled", ""});
          })),
      held_(std::move(held)) {}

// Moved-from answers have no reply any more.
Answer::~Answer() {
  if (!reply_ || !lease_) return;
  const auto used = gemini::last_usage(end_);
  if (!used) return;
  lease_->count_tokens(used->input, used->total);
  if (!trail_) return;
  trail_->input_tokens += used->input;
  trail_->total_tokens += used->total;
}

void Answer::keep(keypool::Lease lease, keypool::Verdict verdict, std::shared_ptr<Trail> trail) {
  lease_.emplace(std::move(lease));
  verdict_ = std::move(verdict);
  trail_ = std::move(trail);
}

void Answer::watch_end(std::string_view piece) {
  constexpr auto kMost = gemini::kUsageTail;
  if (piece.size() >= kMost) {
    end_ = piece.substr(piece.size() - kMost);
    return;
  }
  if (end_.size() + piece.size() > 2 * kMost) end_.erase(0, end_.size() - kMost);
  end_ += piece;
}

async::Task<std::optional<std::string_view>> Answer::next() {
  if (!held_taken_) {
    held_taken_ = true;
    if (!held_.empty()) {
      watch_end(held_);
      co_return std::string_view(held_);
    }
  }
  if (!held_.empty()) {
    held_.clear();
    held_.shrink_to_fit();
  }
  const auto piece = co_await reply_->next();
  if (piece) watch_end(*piece);
  co_return piece;
}

async::Task<Result<std::string>> Answer::rest(std::size_t limit) {
  std::string body;
  // A reply that was held whole is handed on as it is: it may have megabytes.
  if (!held_taken_ && held_.size() <= limit) {
    held_taken_ = true;
    watch_end(held_);
    body = std::exchange(held_, {});
  }
  while (const auto piece = co_await next()) {
    if (body.size() + piece->size() > limit) {
      co_return Error{ErrorKind::too_large,
                      "the upstream's reply is larger than " + std::to_string(limit) + " bytes"};
    }
    body += *piece;
  }
  if (error()) co_return *error();
  co_return body;
}

}  // namespace gembal::upstream
