#include "daemon/sandbox/faults.hpp"

#include <algorithm>
#include <charconv>

#include "lib/core/text.hpp"

namespace gembal::sandbox {
namespace {

constexpr const char* kContentFaults[] = {"empty200",
                                          "stop-without-content",
                                          "malformed-function-call",
                                          "unexpected-tool-call",
                                          "finish-other",
                                          "prompt-blocked",
                                          "no-image",
                                          "image-safety",
                                          "safety",
                                          "recitation",
                                          "max-tokens-empty"};

constexpr const char* kDeliveryFaults[] = {
    "cut",     "half",    "reset", "short",      "stall",      "trickle",    "slow",
    "refused", "garbage", "html",  "empty-body", "error-bare", "error-event"};

std::optional<FaultKind> kind_of(std::string_view name) {
  if (error_scope(name)) return FaultKind::error;
  if (std::find(std::begin(kContentFaults), std::end(kContentFaults), name) !=
      std::end(kContentFaults)) {
    return FaultKind::content;
  }
  if (std::find(std::begin(kDeliveryFaults), std::end(kDeliveryFaults), name) !=
      std::end(kDeliveryFaults)) {
    return FaultKind::delivery;
  }
  return std::nullopt;
}

std::string with_dashes(std::string_view text) {
  std::string name(text);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::optional<int> as_count(std::string_view text) {
  int count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc{} || end != text.data() + text.size() || count < 0) return std::nullopt;
  return count;
}

int count_in(const Fault& fault, int otherwise) {
  for (const auto& argument : fault.arguments) {
    if (const auto count = as_count(argument)) return *count;
  }
  return otherwise;
}

Milliseconds duration_in(const Fault& fault, Milliseconds otherwise) {
  for (const auto& argument : fault.arguments) {
    if (as_count(argument)) continue;  // "0" is a count here
    if (const auto duration = parse_duration(argument)) return *duration;
  }
  return otherwise;
}

std::string error_name_in(const Fault& fault) {
  for (const auto& argument : fault.arguments) {
    if (error_scope(argument)) return argument;
  }
  return "overloaded";
}

/// Whether `name` stands in `key` where it counts; see fault_in_key().
bool asks_for(std::string_view key, std::string_view name) {
  const auto parts_words = [](char c) { return c == '-' || c == '.'; };
  for (auto at = key.find(name); at != std::string_view::npos; at = key.find(name, at + 1)) {
    if (name.size() > 5) return true;
    const auto end = at + name.size();
    if ((at == 0 || parts_words(key[at - 1])) && (end == key.size() || parts_words(key[end])))
      return true;
  }
  return false;
}

Script script_of(const Reply& reply, Pace pace) {
  Script script;
  script.status = reply.status;
  script.headers = reply.headers;
  script.chunked = reply.framing != Framing::unary;
  script.before_head = pace.latency;
  for (const auto& event : reply.events) {
    const bool waits = !script.pieces.empty() && event != "]";
    script.pieces.push_back({waits ? pace.chunk_delay : Milliseconds{}, event});
  }
  return script;
}

Reply html_reply() {
  Reply reply;
  reply.headers = {{"content-type", "text/html; charset=UTF-8"}};
  reply.events = {
      "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in to the network.</body></html>\n"};
  return reply;
}

/// A body that stops early: `whole` events, then half of the next one when `half_of_next`.
void stop_after(Script& script, int whole, bool half_of_next) {
  // An answer of one piece has no events to count: half of it arrives. Without chunks nobody would
  // see the cut.
  if (!script.chunked) {
    half_of_next = true;
    whole = 0;
  }
  script.chunked = true;
  const auto keep = static_cast<std::size_t>(whole);
  if (keep >= script.pieces.size()) return;
  if (half_of_next) {
    auto& bytes = script.pieces[keep].bytes;
    bytes.resize(bytes.size() / 2);
    script.pieces.resize(keep + 1);
  } else {
    script.pieces.resize(keep);
  }
}

void stall(Script& script, int whole, Milliseconds duration) {
  if (!script.chunked && !script.pieces.empty()) {
    auto& bytes = script.pieces[0].bytes;
    std::string rest = bytes.substr(bytes.size() / 2);
    bytes.resize(bytes.size() / 2);
    script.pieces.push_back({{}, std::move(rest)});
    script.chunked = true;
    whole = 1;
  }
  const auto at = static_cast<std::size_t>(whole);
  if (at >= script.pieces.size()) script.pieces.push_back({});
  script.pieces[std::min(at, script.pieces.size() - 1)].after = duration;
}

void trickle(Script& script, int bytes_per_piece, Milliseconds delay) {
  std::string body;
  for (const auto& piece : script.pieces) body += piece.bytes;
  constexpr std::size_t kMostPieces = 5000;
  const auto step =
      std::max({static_cast<std::size_t>(std::max(bytes_per_piece, 1)), body.size() / kMostPieces});
  script.pieces.clear();
  for (std::size_t at = 0; at < body.size(); at += step) {
    script.pieces.push_back({at == 0 ? Milliseconds{} : delay, body.substr(at, step)});
  }
  script.chunked = true;
}

Script break_off_with_error(const Reply& reply, const Fault& fault, Pace pace,
                            const ErrorContext& context) {
  const auto error = *error_named(error_name_in(fault), "", context);
  if (reply.framing == Framing::unary) {
    Reply plain;
    plain.status = error.status;
    plain.headers = {{"content-type", error.html.empty() ? "application/json; charset=UTF-8"
                                                         : "text/html; charset=UTF-8"}};
    plain.events = {error.html.empty() ? indented(error.body) + "\n" : error.html};
    return script_of(plain, pace);
  }
  Script script = script_of(reply, pace);
  stop_after(script, count_in(fault, 1), false);
  std::string bytes = error.html.empty() ? indented(error.body) + "\n" : error.html;
  if (fault.name == "error-event") {
    bytes = reply.framing == Framing::sse_crlf ? "data: " + one_line(error.body) + "\r\n\r\n"
            : reply.framing == Framing::sse_lf ? "data: " + to_text(error.body) + "\n\n"
                                               : ",\n" + indented(error.body) + "\n]";
  }
  script.pieces.push_back({pace.chunk_delay, std::move(bytes)});
  return script;
}

}  // namespace

std::vector<std::string> fault_names() {
  auto names = error_names();
  names.insert(names.end(), std::begin(kContentFaults), std::end(kContentFaults));
  names.insert(names.end(), std::begin(kDeliveryFaults), std::end(kDeliveryFaults));
  return names;
}

Result<Fault> parse_fault(std::string_view text) {
  const auto parts = split(text, ',');
  Fault fault;
  fault.name = with_dashes(trim(parts[0]));
  const auto kind = kind_of(fault.name);
  if (!kind) {
    const auto near = nearest(fault.name, fault_names());
    return Error{ErrorKind::config, "unknown fault '" + fault.name + "'",
                 near ? "did you mean '" + *near + "'?" : ""};
  }
  fault.kind = *kind;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::string argument(trim(parts[i]));
    if (!as_count(argument) && !parse_duration(argument)) argument = with_dashes(argument);
    if (!as_count(argument) && !parse_duration(argument) && !error_scope(argument)) {
      return Error{ErrorKind::config,
                   "fault '" + fault.name + "': '" + argument + "' means nothing here",
                   "an argument is a count, a duration such as 5s, or the name of an error"};
    }
    fault.arguments.push_back(std::move(argument));
  }
  return fault;
}

std::optional<Fault> fault_in_key(std::string_view key) {
  const std::string name_of_key = with_dashes(key);
  std::string longest;
  for (const auto& name : fault_names()) {
    if (name.size() > longest.size() && asks_for(name_of_key, name)) longest = name;
  }
  if (longest.empty()) return std::nullopt;
  return Fault{longest, {}, *kind_of(longest)};
}

Script deliver(Reply reply, const std::optional<Fault>& fault, Pace pace,
               const ErrorContext& context) {
  if (!fault || fault->kind != FaultKind::delivery) return script_of(reply, pace);
  const auto& name = fault->name;
  if (name == "error-bare" || name == "error-event")
    return break_off_with_error(reply, *fault, pace, context);
  if (name == "html") return script_of(html_reply(), pace);

  if (name == "empty-body") reply.events.clear();
  Script script = script_of(reply, pace);
  if (name == "refused") {
    script.refuse = true;
  } else if (name == "garbage") {
    script.raw = std::string("\x16\x03\x01 this is no HTTP\0\xff\xfe\r\n\r\n", 25);
  } else if (name == "slow") {
    script.before_head = duration_in(*fault, Milliseconds{5000});
  } else if (name == "stall") {
    stall(script, count_in(*fault, 1), duration_in(*fault, Milliseconds{600'000}));
  } else if (name == "trickle") {
    trickle(script, count_in(*fault, 7), duration_in(*fault, Milliseconds{5}));
  } else if (name == "short") {
    stop_after(script, count_in(*fault, 1), false);
  } else if (name == "cut" || name == "half" || name == "reset") {
    stop_after(script, count_in(*fault, 1), name == "half");
    script.end = name == "reset" ? End::reset : End::cut;
  }
  return script;
}

}  // namespace gembal::sandbox
