#include "lib/http/client.hpp"

#include <cassert>

#include "lib/http/multi.hpp"
#include "lib/http/plain_source.hpp"

namespace gembal::http {

std::string_view Head::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Reply::Reply(std::unique_ptr<ReplySource> source) : source_(std::move(source)) {}
Reply::Reply(Reply&&) noexcept = default;
Reply& Reply::operator=(Reply&&) noexcept = default;
Reply::~Reply() = default;

async::Task<Result<void>> Reply::wait_for_head() { return source_->wait_for_head(); }
const Head& Reply::head() const { return source_->head; }
async::Task<std::optional<std::string_view>> Reply::next() { return source_->next(); }
bool Reply::ready() const { return source_->ready(); }
const std::optional<Error>& Reply::error() const { return source_->error; }
void Reply::abort(Error why) { source_->abort(std::move(why)); }

Client::Client(async::Loop& loop, ClientOptions options)
    : loop_(loop),
      options_(options),
      multi_(std::make_unique<Multi>(loop, options)),
      plain_(std::make_unique<PlainPool>(loop, options)) {}
Client::~Client() = default;

Reply Client::open(Request request) {
  assert(!request.proxy || !request.may_connect);
  if (!request.proxy && !request.may_connect && PlainSource::can_reach(request.url) &&
      !multi_->uses_proxy(request.url)) {
    return Reply(std::make_unique<PlainSource>(*plain_, std::move(request)));
  }
  Multi& multi = multi_for(request);
  auto transfer = std::make_unique<Transfer>(loop_, multi, std::move(request));
  multi.start(*transfer);
  return Reply(std::move(transfer));
}

Multi& Client::multi_for(const Request& request) {
  if (!request.proxy || request.proxy->user.empty()) return *multi_;
  auto& own = by_login_[{request.proxy->user, request.proxy->password}];
  if (!own) own = std::make_unique<Multi>(loop_, options_);
  return *own;
}

}  // namespace gembal::http
