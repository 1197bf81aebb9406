#include "lib/http/client.hpp"

#include "lib/http/multi.hpp"

namespace gembal::http {

std::string_view Head::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Reply::Reply(std::unique_ptr<Transfer> transfer) : transfer_(std::move(transfer)) {}
Reply::Reply(Reply&&) noexcept = default;
Reply& Reply::operator=(Reply&&) noexcept = default;
Reply::~Reply() = default;

async::Task<Result<void>> Reply::wait_for_head() {
  while (!transfer_->head_complete && !transfer_->done) co_await transfer_->changed.wait();
  if (transfer_->head_complete) co_return Result<void>{};
  if (transfer_->error) co_return *transfer_->error;
  co_return Error{ErrorKind::upstream, "the upstream sent no reply"};
}

const Head& Reply::head() const { return transfer_->head; }

async::Task<std::optional<std::string_view>> Reply::next() {
  auto& transfer = *transfer_;
  while (transfer.arrived.empty() && !transfer.done) co_await transfer.changed.wait();
  if (transfer.arrived.empty()) co_return std::nullopt;
  transfer.taken.clear();
  transfer.taken.swap(transfer.arrived);
  if (transfer.paused) transfer.multi.resume(transfer);
  co_return std::string_view(transfer.taken);
}

bool Reply::ready() const { return !transfer_->arrived.empty() || transfer_->done; }

const std::optional<Error>& Reply::error() const { return transfer_->error; }

void Reply::abort(Error why) { transfer_->fail(std::move(why)); }

Client::Client(async::Loop& loop, ClientOptions options) : multi_(std::make_unique<Multi>(loop, std::move(options))) {}
Client::~Client() = default;

Reply Client::open(Request request) {
  auto transfer = std::make_unique<Transfer>(multi_->loop(), *multi_, std::move(request));
  multi_->start(*transfer);
  return Reply(std::move(transfer));
}

}  // namespace gembal::http
