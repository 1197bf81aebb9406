#include "lib/upstream/hold.hpp"

#include "lib/upstream/verdict.hpp"

namespace gembal::upstream {
namespace {

constexpr std::size_t kMostHeld = 64 * 1024;

}  // namespace

Hold::Hold(Form form) : form_(form) {}

Hold::State Hold::look(std::string_view event) {
  const auto facts = form_ == Form::completion_events ? look_at_chunk(event) : look_at_event(event);
  if (facts.is_error) {
    error_body_ = event;
    return State::failed;
  }
  if (facts.has_content) return State::pass;
  // MAX_TOKENS and the safety finishes are lawful without any content; STOP and the malformed ones
  // are not.
  if (facts.has_finish && !facts.broken_finish) return State::pass;
  return State::holding;
}

Hold::State Hold::add(std::string_view bytes) {
  bytes_ += bytes;
  if (form_ == Form::sse || form_ == Form::completion_events) {
    events_.feed(bytes);
    while (const auto event = events_.next()) {
      if (const auto state = look(event->data); state != State::holding) return state;
    }
    // An error may come bare, over several lines, without the frame of an event.
    const auto tail = events_.tail();
    if (!tail.empty() && (tail.front() == '{' || tail.front() == '[')) {
      if (const auto facts = look_at_event(tail); facts.is_error) return look(tail);
    }
  } else if (form_ == Form::array) {
    items_.feed(bytes);
    while (const auto item = items_.next()) {
      if (const auto state = look(*item); state != State::holding) return state;
    }
  }
  return bytes_.size() > kMostHeld ? State::pass : State::holding;
}

bool Hold::good_at_end() const {
  if (form_ == Form::completion) return judge_completion(bytes_) == Content::good;
  return form_ == Form::unary && judge_reply(bytes_) == Content::good;
}

}  // namespace gembal::upstream
