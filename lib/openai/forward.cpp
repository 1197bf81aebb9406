#include "lib/openai/forward.hpp"

#include <simdjson.h>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/error_reply.hpp"
#include "lib/openai/error.hpp"
#include "lib/sse/parser.hpp"

namespace gembal::openai {
namespace {

namespace od = simdjson::ondemand;

void read_member(std::string_view key, od::value& value, const simdjson::padded_string& text,
                 ForwardedFacts& facts) {
  std::string_view read;
  if (key == "model") {
    const auto token = trim(value.raw_json_token());
    if (value.get_string().get(read) != simdjson::SUCCESS) return;
    facts.model = read;
    facts.model_at = static_cast<std::size_t>(token.data() - text.data());
    facts.model_size = token.size();
  } else if (key == "stream") {
    bool streams = false;
    facts.streams = value.get_bool().get(streams) == simdjson::SUCCESS && streams;
  } else if (key == "input_file_id") {
    if (value.get_string().get(read) != simdjson::SUCCESS || read.empty()) return;
    facts.input_file =
        read.starts_with("files/") ? std::string(read) : "files/" + std::string(read);
  }
}

ForwardedFacts look_at_json(std::string_view body) {
  ForwardedFacts facts;
  od::parser parser;
  od::document document;
  od::object object;
  const simdjson::padded_string text(body);
  if (parser.iterate(text).get(document) != simdjson::SUCCESS) return facts;
  if (document.get_object().get(object) != simdjson::SUCCESS) return facts;
  for (auto field : object) {
    std::string_view key;
    od::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return facts;
    if (field.value().get(value) != simdjson::SUCCESS) return facts;
    read_member(key, value, text, facts);
  }
  return facts;
}

/// A form's field has its value after the empty line, up to the end of that line.
ForwardedFacts look_at_form(std::string_view body) {
  ForwardedFacts facts;
  const auto at = body.find("name=\"model\"");
  const auto begin = at == std::string_view::npos ? at : body.find("\r\n\r\n", at);
  if (begin == std::string_view::npos) return facts;
  const auto value = body.substr(begin + 4);
  const auto end = value.find("\r\n");
  if (end != std::string_view::npos && end <= 256) facts.model = value.substr(0, end);
  return facts;
}

bool is_error(std::string_view payload) {
  const auto text = trim(payload);
  if (text.find("\"error\"") == std::string_view::npos) return false;
  const auto json = parse_json(text);
  if (!json) return false;
  const Json* top = &*json;
  if (top->is_array() && !top->empty()) top = &top->front();
  const Json* error = find(*top, "error");
  return error && !error->is_null();
}

/// What begins on a line of its own without the frame of an event, to the end; "" for nothing.
std::string_view bare_text(std::string_view events) {
  for (std::size_t at = 0; at < events.size();) {
    const auto line = events.substr(at);
    if (line.front() == '{' || line.front() == '[') return line;
    const auto end = line.find('\n');
    if (end == std::string_view::npos) break;
    at += end + 1;
  }
  return "";
}

/// The status that the error itself tells; 502 when it tells none.
int status_of(std::string_view payload) {
  const auto json = parse_json(trim(payload));
  if (!json) return 502;
  const Json* top = &*json;
  if (top->is_array() && !top->empty()) top = &top->front();
  const Json* error = find(*top, "error");
  const auto code = error ? integer_in(*error, "code").value_or(502) : 502;
  return code >= 400 && code < 600 && code != 401 && code != 403 ? static_cast<int>(code) : 502;
}

}  // namespace

ForwardedFacts look_at_forwarded(std::string_view body) {
  return trim(body.substr(0, 64)).starts_with("--") ? look_at_form(body) : look_at_json(body);
}

std::string with_model(std::string_view body, const ForwardedFacts& facts, std::string_view model) {
  std::string made(body);
  const auto name = to_text(Json(std::string(model)));
  if (facts.model_size > 0) {
    made.replace(facts.model_at, facts.model_size, name);
  } else if (const auto brace = made.find_first_not_of(" \t\r\n");
             brace != std::string::npos && made[brace] == '{') {
    const auto next = made.find_first_not_of(" \t\r\n", brace + 1);
    const bool is_empty = next != std::string::npos && made[next] == '}';
    made.insert(brace + 1, "\"model\":" + name + (is_empty ? "" : ","));
  }
  return made;
}

std::optional<BrokenOff> break_off_at_error(std::string_view events) {
  // Inside a JSON text the quotes would be escaped: without these there is no error.
  if (events.find("\"error\"") == std::string_view::npos) return std::nullopt;
  BrokenOff broken;
  const auto end_with = [&broken](std::string_view payload) {
    broken.message = gemini::message_of(payload);
    broken.events += error_event(status_of(payload), broken.message);
  };
  sse::Parser parser;
  parser.feed(events);
  while (const auto event = parser.next()) {
    if (is_error(event->data)) {
      end_with(event->data);
      return broken;
    }
    broken.events.append("data: ").append(event->data).append("\n\n");
  }
  std::string_view rest = trim(parser.tail());
  if (rest.starts_with("data:")) rest.remove_prefix(5);
  if (!is_error(rest)) rest = bare_text(events);
  if (!is_error(rest)) return std::nullopt;
  end_with(rest);
  return broken;
}

}  // namespace gembal::openai
