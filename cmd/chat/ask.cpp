#include "cmd/chat/ask.hpp"

#include "lib/core/text.hpp"
#include "lib/sse/parser.hpp"

namespace gembal::cmd {
namespace {

constexpr std::size_t kReplyBytes = 256u << 20;

Result<void> show(const std::string& json, ChatAnswer& answer, AnswerView& view) {
  auto share = answer.take(json);
  if (!share) return std::move(share).error();
  if (!view.thoughts(share->thoughts) || !view.text(share->text))
    return Error{ErrorKind::io, "", ""};  // nobody reads any more
  return {};
}

async::Task<Result<void>> read_stream(upstream::Answer& reply, ChatAnswer& answer,
                                      AnswerView& view) {
  sse::Parser events;
  while (const auto piece = co_await reply.next()) {
    events.feed(*piece);
    while (const auto event = events.next()) {
      if (auto shown = show(std::string(event->data), answer, view); !shown) co_return shown;
    }
  }
  if (reply.error()) co_return *reply.error();
  if (const auto tail = trim(events.tail()); !tail.empty())
    co_return show(std::string(tail), answer, view);
  co_return Result<void>{};
}

async::Task<Result<void>> read_whole(upstream::Answer& reply, ChatAnswer& answer,
                                     AnswerView& view) {
  const auto body = co_await reply.rest(kReplyBytes);
  if (!body) co_return body.error();
  co_return show(*body, answer, view);
}

}  // namespace

async::Task<Result<ChatAnswer>> ask(ApiAccess& access, upstream::Call call, AnswerView& view) {
  const bool streams = call.form == upstream::Form::sse;
  auto reply = co_await access.send(std::move(call));
  if (!reply) co_return std::move(reply).error();
  ChatAnswer answer;
  Result<void> read;
  if (streams) {
    read = co_await read_stream(*reply, answer, view);
  } else {
    read = co_await read_whole(*reply, answer, view);
  }
  const bool reads = read || !read.error().message.empty();
  if (reads) view.end();
  if (!read) co_return std::move(read).error();
  co_return answer;
}

}  // namespace gembal::cmd
