#include "lib/openai/response_output.hpp"

#include <algorithm>

#include "lib/core/json_object.hpp"
#include "lib/openai/response_items.hpp"

namespace gembal::openai {
namespace {

using gemini::Piece;

/// `"name":value`.
std::string member(std::string_view name, const Json& value) {
  std::string made = "\"";
  return made.append(name).append("\":").append(to_text(value));
}

Json part_of(bool refuses, std::string_view text) {
  if (refuses) return {{"type", "refusal"}, {"refusal", text}};
  return {{"type", "output_text"},
          {"annotations", Json::array()},
          {"logprobs", Json::array()},
          {"text", text}};
}

Json links_of(const Json& grounding) {
  Json links = Json::array();
  for (const auto& chunk : array_in(grounding, "groundingChunks")) {
    const Json* web = find(chunk, "web");
    if (web) links.push_back({{"type", "url"}, {"url", string_in(*web, "uri")}});
  }
  return links;
}

}  // namespace

ResponseOutput::ResponseOutput(std::string response_id, ResponseWishes wishes,
                               ResponseEvents& events, KeepSignature keep_signature)
    : response_id_(std::move(response_id)),
      wishes_(std::move(wishes)),
      events_(events),
      keep_signature_(std::move(keep_signature)) {}

std::string ResponseOutput::id_for(std::string_view prefix) const {
  return item_id(prefix, {response_id_, false, items_.size()});
}

std::string ResponseOutput::place_of(std::string_view id) const {
  return member("item_id", id) + ",\"output_index\":" + std::to_string(items_.size());
}

void ResponseOutput::start_item(const Json& item) {
  if (!events_.is_told()) return;
  events_.add("response.output_item.added",
              "\"output_index\":" + std::to_string(items_.size()) + "," + member("item", item));
}

void ResponseOutput::end_item(Json item) {
  if (events_.is_told()) {
    events_.add("response.output_item.done", "\"output_index\":" + std::to_string(items_.size()) +
                                                 "," + member("item", public_item(item)));
  }
  items_.push_back(std::move(item));
}

void ResponseOutput::open(Kind kind) {
  close();
  open_.kind = kind;
  const auto id = id_for(kind == Kind::reasoning ? "rs" : kind == Kind::message ? "msg" : "ci");
  open_.place = place_of(id);
  auto& item = open_.item;
  item = {{"id", id}};
  if (kind == Kind::reasoning) {
    item["type"] = "reasoning";
    item["summary"] = Json::array();
    if (wishes_.sealed_signatures) item["encrypted_content"] = nullptr;
  } else if (kind == Kind::message) {
    item["type"] = "message";
    item["status"] = "in_progress";
    item["role"] = "assistant";
    item["content"] = Json::array();
  } else {
    item["type"] = "code_interpreter_call";
    item["status"] = "in_progress";
    item["code"] = "";
    item["container_id"] = "cntr_" + response_id_;
    item["outputs"] = nullptr;
  }
  start_item(item);
}

void ResponseOutput::open_message(bool refuses) {
  open(Kind::message);
  open_.refuses = refuses;
  if (!events_.is_told()) return;
  events_.add("response.content_part.added",
              open_.place + ",\"content_index\":0," + member("part", part_of(refuses, "")));
}

void ResponseOutput::add(Piece piece) {
  switch (piece.kind) {
    case Piece::Kind::thought: add_thought(piece.text); break;
    case Piece::Kind::text:
      add_text(piece.text);
      if (!piece.signature.empty() && open_.kind == Kind::message)
        open_.item[kSignatureMember] = std::move(piece.signature);
      break;
    case Piece::Kind::call: add_call(std::move(piece)); break;
    case Piece::Kind::code: add_code(piece.text); break;
    case Piece::Kind::code_result: add_printed(piece.text); break;
    case Piece::Kind::media: add_picture(std::move(piece)); break;
  }
}

void ResponseOutput::add_thought(std::string_view text) {
  if (text.empty()) return;
  if (open_.kind != Kind::reasoning) open(Kind::reasoning);
  const bool is_first = open_.text.empty();
  open_.text += text;
  if (!events_.is_told()) return;
  const auto place = open_.place + ",\"summary_index\":0,";
  if (is_first)
    events_.add("response.reasoning_summary_part.added",
                place + R"("part":{"type":"summary_text","text":""})");
  events_.add("response.reasoning_summary_text.delta", place + member("delta", text));
}

void ResponseOutput::add_text(std::string_view text) {
  if (text.empty()) return;
  if (open_.kind != Kind::message || open_.refuses) open_message(false);
  open_.text += text;
  open_.characters.append(text);
  if (!events_.is_told()) return;
  events_.add("response.output_text.delta",
              open_.place + ",\"content_index\":0," + member("delta", text) + ",\"logprobs\":[]");
}

void ResponseOutput::refuse(const std::string& why) {
  open_message(true);
  open_.text = why;
  if (!events_.is_told()) return;
  events_.add("response.refusal.delta",
              open_.place + ",\"content_index\":0," + member("delta", why));
}

Json ResponseOutput::call_item(const Piece& piece, bool is_custom) const {
  Json item = {{"id", id_for(is_custom ? "ctc" : "fc")},
               {"type", is_custom ? "custom_tool_call" : "function_call"},
               {"status", "in_progress"},
               {"call_id", piece.id},
               {"name", piece.name}};
  const auto space = wishes_.namespaces.find(piece.name);
  if (space != wishes_.namespaces.end()) {
    item["name"] = space->second.name;
    item["namespace"] = space->second.space;
  }
  item[is_custom ? "input" : "arguments"] = "";
  return item;
}

void ResponseOutput::add_call(Piece piece) {
  if (wishes_.one_call && calls_ > 0) return;
  const auto number = calls_++;
  if (piece.id.empty()) piece.id = made_up_call_id(response_id_, 0, number);
  const bool is_signed = !piece.signature.empty();
  if (is_signed && keep_signature_) keep_signature_(piece.id, piece.signature);
  if (is_signed && wishes_.sealed_signatures) {
    // Clients send a reasoning item back with the call that follows it.
    if (open_.kind != Kind::reasoning) open(Kind::reasoning);
    open_.item["encrypted_content"] = seal({piece.id, piece.signature});
  }
  close();
  const auto& custom = wishes_.custom_tools;
  const bool is_custom = std::find(custom.begin(), custom.end(), piece.name) != custom.end();
  auto input = is_custom ? std::string(string_in(piece.args, "input")) : to_text(piece.args);
  Json item = call_item(piece, is_custom);
  start_item(item);
  const char* what = is_custom ? "input" : "arguments";
  if (events_.is_told()) {
    const auto place = place_of(string_in(item, "id"));
    const std::string type =
        is_custom ? "response.custom_tool_call_input." : "response.function_call_arguments.";
    events_.add(type + "delta", place + "," + member("delta", input));
    events_.add(type + "done",
                place + "," + member("name", item["name"]) + "," + member(what, input));
  }
  item[what] = std::move(input);
  item["status"] = "completed";
  if (is_signed) item[kSignatureMember] = std::move(piece.signature);
  end_item(std::move(item));
}

void ResponseOutput::add_code(const std::string& code) {
  open(Kind::code);
  open_.item["code"] = code;
  if (!events_.is_told()) return;
  const std::string type = "response.code_interpreter_call";
  events_.add(type + ".in_progress", open_.place);
  events_.add(type + "_code.delta", open_.place + "," + member("delta", code));
  events_.add(type + "_code.done", open_.place + "," + member("code", code));
  events_.add(type + ".interpreting", open_.place);
}

void ResponseOutput::add_printed(const std::string& printed) {
  if (open_.kind != Kind::code) add_code("");
  open_.item["outputs"] = Json::array({{{"type", "logs"}, {"logs", printed}}});
  close();
}

void ResponseOutput::add_picture(Piece piece) {
  if (!piece.mime_type.starts_with("image/")) return;  // sound has no place in a response
  close();
  const auto id = id_for("ig");
  Json item = {{"id", id}, {"type", "image_generation_call"}, {"status", "in_progress"}};
  item["result"] = nullptr;
  start_item(item);
  for (const char* event : {"in_progress", "generating", "completed"})
    events_.add(std::string("response.image_generation_call.") + event, place_of(id));
  item["status"] = "completed";
  item["output_format"] = piece.mime_type.substr(6);
  item["result"] = std::move(piece.data);
  if (!piece.signature.empty()) {
    if (keep_signature_) keep_signature_(id, piece.signature);
    item[kSignatureMember] = std::move(piece.signature);
  }
  end_item(std::move(item));
}

void ResponseOutput::close_reasoning() {
  if (open_.text.empty()) return;
  Json part = {{"type", "summary_text"}};
  part["text"] = open_.text;
  if (events_.is_told()) {
    const auto place = open_.place + ",\"summary_index\":0,";
    events_.add("response.reasoning_summary_text.done", place + member("text", open_.text));
    events_.add("response.reasoning_summary_part.done", place + member("part", part));
  }
  open_.item["summary"].push_back(std::move(part));
}

void ResponseOutput::annotate(const Json& grounding) {
  open_.annotations = citations_of(grounding, open_.characters, true);
  for (std::size_t i = 0; i < open_.annotations.size(); ++i) {
    events_.add("response.output_text.annotation.added",
                open_.place + ",\"content_index\":0,\"annotation_index\":" + std::to_string(i) +
                    "," + member("annotation", open_.annotations[i]));
  }
}

void ResponseOutput::close_message(const char* status) {
  auto& item = open_.item;
  Json part = part_of(open_.refuses, open_.text);
  if (!open_.refuses) part["annotations"] = std::move(open_.annotations);
  if (events_.is_told()) {
    const auto place = open_.place + ",\"content_index\":0,";
    if (open_.refuses) {
      events_.add("response.refusal.done", place + member("refusal", open_.text));
    } else {
      events_.add("response.output_text.done",
                  place + member("text", open_.text) + ",\"logprobs\":[]");
    }
    events_.add("response.content_part.done", place + member("part", part));
  }
  item["content"].push_back(std::move(part));
  item["status"] = status;
  const auto signature = string_in(item, kSignatureMember);
  if (!signature.empty() && keep_signature_)
    keep_signature_(std::string(string_in(item, "id")), std::string(signature));
}

void ResponseOutput::close(const char* status) {
  switch (open_.kind) {
    case Kind::none: return;
    case Kind::reasoning: close_reasoning(); break;
    case Kind::message: close_message(status); break;
    case Kind::code:
      open_.item["status"] = status;
      events_.add("response.code_interpreter_call.completed", open_.place);
      break;
  }
  end_item(std::move(open_.item));
  open_ = {};
}

/// Upstream tells only at the end what it looked for.
void ResponseOutput::add_search(const Json& grounding) {
  const Json* queries = find(grounding, "webSearchQueries");
  if (!queries || !queries->is_array() || queries->empty()) return;
  const auto id = id_for("ws");
  Json item = {{"id", id}, {"type", "web_search_call"}, {"status", "in_progress"}};
  auto& action = item["action"];
  action = {{"type", "search"}, {"query", queries->front()}, {"queries", *queries}};
  if (wishes_.sources) action["sources"] = links_of(grounding);
  start_item(item);
  for (const char* event : {"in_progress", "searching", "completed"})
    events_.add(std::string("response.web_search_call.") + event, place_of(id));
  item["status"] = "completed";
  end_item(std::move(item));
}

void ResponseOutput::finish(const char* status, const Json& grounding) {
  if (open_.kind == Kind::message && !open_.refuses) annotate(grounding);
  close(status);
  add_search(grounding);
}

}  // namespace gembal::openai
