#include "cmd/embed_run.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace gembal::cmd {
namespace {

constexpr std::size_t kMostHeld = 96u << 20;  // bytes of written vectors that wait for their turn
constexpr std::size_t kAhead = 4;             // batches held for each that is asked for
constexpr std::chrono::milliseconds kPatience{65'000};  // for a limit that is a minute's
constexpr std::chrono::milliseconds kToldPause{5'000};
constexpr std::uint64_t kHopeless = 3;  // batches that fail before any has succeeded

struct Task {
  const char* name;
  const char* words;
};
constexpr std::array<Task, 8> kTasks = {{
    {"RETRIEVAL_QUERY", "task: search result | query: "},
    {"RETRIEVAL_DOCUMENT", "title: none | text: "},
    {"SEMANTIC_SIMILARITY", "task: sentence similarity | query: "},
    {"CLASSIFICATION", "task: classification | query: "},
    {"CLUSTERING", "task: clustering | query: "},
    {"QUESTION_ANSWERING", "task: question answering | query: "},
    {"FACT_VERIFICATION", "task: fact checking | query: "},
    {"CODE_RETRIEVAL_QUERY", "task: code retrieval | query: "},
}};

/// From the second generation on taskType has no effect: the task is part of the text.
bool takes_task_in_words(std::string_view model) {
  constexpr std::string_view kFamily = "gemini-embedding-";
  return model.size() > kFamily.size() && model.starts_with(kFamily) &&
         model[kFamily.size()] >= '2' && model[kFamily.size()] <= '9';
}

std::size_t worker_count() { return std::clamp(std::thread::hardware_concurrency(), 1u, 8u); }

}  // namespace

Result<EmbedTask> embed_task(const std::string& task_type, const std::string& model) {
  if (task_type.empty()) return EmbedTask{};
  std::string wanted;
  for (const char c : task_type)
    wanted += c == '-' || c == ' ' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  std::vector<std::string> names;
  for (const auto& task : kTasks) {
    if (wanted == task.name)
      return takes_task_in_words(model) ? EmbedTask{"", task.words} : EmbedTask{wanted, ""};
    names.emplace_back(task.name);
  }
  const auto near = nearest(wanted, names);
  return Error{ErrorKind::usage, "'" + task_type + "' is no task type",
               near ? "did you mean " + *near + "?" : "they are " + join(names, ", ")};
}

EmbedRun::EmbedRun(ApiAccess& api, const EmbedWish& wish, EmbedTask task, EmbedWriter& writer,
                   Progress& progress, bool quiet)
    : api_(api),
      wish_(wish),
      task_(std::move(task)),
      writer_(writer),
      progress_(progress),
      quiet_(quiet),
      changed_(api.loop()),
      workers_(worker_count()) {}

void EmbedRun::wake() {
  api_.loop().post([this] { changed_.signal(); });
}

bool EmbedRun::may_start() const {
  if (tally_.stopped || tally_.broken || api_.interrupt().raised() || running_ >= wish_.jobs)
    return false;
  // One at least, or a batch that is very large would stop everything.
  return slots_.empty() || (slots_.size() < wish_.jobs * kAhead && held_bytes_ < kMostHeld);
}

void EmbedRun::start(EmbedFeed::Batch texts) {
  slots_.push_back(std::make_unique<Slot>());
  slots_.back()->texts = std::move(texts);
  ++running_;
  api_.loop().spawn(fill(*slots_.back()));
}

upstream::Call EmbedRun::call_for(const Slot& slot) const {
  openai::EmbeddingsCall wanted;
  wanted.gemini_model = wish_.model;
  wanted.dimensions = wish_.dimensions;
  wanted.task_type = task_.field;
  std::vector<std::string> quoted;
  quoted.reserve(slot.texts.size());
  for (const auto& one : slot.texts) {
    const auto text = task_.words + one.text;
    quoted.push_back(to_text(text));
    wanted.inputs.push_back({quoted.back(), static_cast<std::uint32_t>(text.size())});
  }
  const auto count = slot.texts.size();
  auto call =
      api_.model_call(wish_.model, "batchEmbedContents", openai::batch_request(wanted, 0, count));
  call.tokens = static_cast<std::uint32_t>(openai::estimated_tokens(wanted, 0, count));
  return call;
}

/// Waits until keys may be back; false when that takes too long, or nobody wants it any more.
async::Task<bool> EmbedRun::wait_for_keys(const Error& error) {
  const auto pause = error.retry_after.value_or(std::chrono::seconds{5});
  if (pause > kPatience || give_up_.raised()) co_return false;
  if (pause >= kToldPause && !quiet_ && !std::exchange(has_told_waiting_, true)) {
    progress_.clear();
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(pause).count();
    std::fprintf(stderr, "gembal: every key is waiting; going on in %lld s\n",
                 static_cast<long long>(seconds));
  }
  co_await async::sleep(api_.loop(), std::max(pause, std::chrono::milliseconds{100}), give_up_);
  has_told_waiting_ = false;
  co_return !give_up_.raised();
}

async::Task<Result<std::string>> EmbedRun::ask(Slot& slot) {
  for (;;) {
    auto body = co_await api_.fetch(call_for(slot));
    if (body || body.error().kind != ErrorKind::keys_waiting) co_return body;
    const Error error = body.error();
    const bool is_back = co_await wait_for_keys(error);
    if (!is_back) co_return error;
  }
}

/// Reads the vectors and writes them down as they will be printed. For a worker.
Result<void> EmbedRun::take_reply(Slot& slot, const std::string& body) const {
  auto vectors = openai::read_vectors(body);
  if (!vectors) return std::move(vectors).error();
  if (vectors->count != slot.texts.size()) {
    return Error{ErrorKind::upstream,
                 "the upstream returned another number of vectors than was asked for", ""};
  }
  slot.dimensions = vectors->numbers.size() / vectors->count;
  slot.written = format_vectors(wish_.format, slot.texts, *vectors);
  return {};
}

async::Task<void> EmbedRun::fill(Slot& slot) {
  auto body = co_await ask(slot);
  if (body) {
    auto taken = co_await workers_.run(api_.loop(), [&] { return take_reply(slot, *body); });
    if (!taken) body = std::move(taken).error();
  }
  if (body) {
    tally_.done += slot.texts.size();
    held_bytes_ += slot.written->size();
  } else {
    fail(slot, std::move(body).error());
  }
  slot.is_done = true;
  --running_;
  changed_.signal();
}

void EmbedRun::fail(const Slot& slot, Error error) {
  tally_.failed += slot.texts.size();
  if (api_.interrupt().raised() || tally_.broken) return;
  const bool ends_all =
      error.kind == ErrorKind::no_usable_key || error.kind == ErrorKind::keys_waiting;
  const auto failures = ++failed_batches_;
  if (!tally_.failure) tally_.failure = error;
  if (ends_all || (tally_.done == 0 && failures >= kHopeless)) {
    stop(std::move(error));
    return;
  }
  progress_.clear();
  const auto first = slot.texts.front().index;
  const auto last = slot.texts.back().index;
  const auto place = first == last
                         ? "index " + std::to_string(first)
                         : "index " + std::to_string(first) + " to " + std::to_string(last);
  std::fprintf(stderr, "gembal: no vectors for %s: %s\n", place.c_str(), error.message.c_str());
}

/// Nothing new is begun.
void EmbedRun::stop(Error error) {
  if (!tally_.stopped) tally_.stopped = std::move(error);
  give_up_.raise();
}

/// What was begun ends, too.
void EmbedRun::break_off(Error error) {
  if (!tally_.broken) tally_.broken = std::move(error);
  api_.interrupt().raise();
}

/// Writes the first batch down; one at a time.
async::Task<void> EmbedRun::write_first() {
  const auto slot = std::move(slots_.front());
  slots_.pop_front();
  // On a worker: a reader that is slow must not keep the loop from its connections.
  auto put = co_await workers_.run(api_.loop(), [this, &slot] {
    if (!slot->written) return writer_.put_missing(slot->texts.size());
    return writer_.put(*slot->written, slot->texts.size(), slot->dimensions);
  });
  if (slot->written) held_bytes_ -= slot->written->size();
  if (!put) break_off(std::move(put).error());
  is_writing_ = false;
  changed_.signal();
}

async::Task<EmbedTally> EmbedRun::run(EmbedFeed& feed) {
  const async::Interrupt::Subscription on_interrupt(api_.interrupt(), [this] {
    give_up_.raise();
    changed_.signal();
  });
  for (;;) {
    while (may_start()) {
      auto texts = feed.take();
      if (!texts) break;
      start(*std::move(texts));
    }
    progress_.show(tally_.done);
    while (tally_.broken && !slots_.empty() && slots_.front()->is_done) slots_.pop_front();
    if (!is_writing_ && !slots_.empty() && slots_.front()->is_done) {
      is_writing_ = true;
      api_.loop().spawn(write_first());
    }
    const bool is_ending = tally_.stopped || tally_.broken || api_.interrupt().raised();
    if (slots_.empty() && !is_writing_ && (is_ending || feed.is_over())) break;
    co_await changed_.wait();
  }
  if (!tally_.broken && feed.is_over()) tally_.broken = feed.error();
  co_return std::move(tally_);
}

}  // namespace gembal::cmd
