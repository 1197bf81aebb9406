#include "lib/anthropic/blocks.hpp"

namespace gembal::anthropic {

void BlockList::append(const char* member, std::string_view text) {
  blocks_.back()[member].get_ref<std::string&>() += text;
}

void BlockList::start(Json block) { blocks_.push_back(std::move(block)); }
void BlockList::text(std::string_view text) { append("text", text); }
void BlockList::thinking(std::string_view text) { append("thinking", text); }
void BlockList::signature(std::string_view signature) { append("signature", signature); }
void BlockList::citation(Json citation) {
  blocks_.back()["citations"].push_back(std::move(citation));
}
void BlockList::input(Json input) { blocks_.back()["input"] = std::move(input); }

void BlockEvents::start(Json block) {
  Json data = {{"type", "content_block_start"}, {"index", started_++}};
  data["content_block"] = std::move(block);
  events_ += event("content_block_start", data);
}

/// Most events of a stream are these: they are put together from text, not from a tree.
void BlockEvents::delta(const char* type, const char* member, const Json& value) {
  events_.append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
  events_.append(std::to_string(started_ - 1)).append(R"(,"delta":{"type":")").append(type);
  events_.append("\",\"").append(member).append("\":").append(to_text(value)).append("}}\n\n");
}

void BlockEvents::text(std::string_view text) { delta("text_delta", "text", text); }
void BlockEvents::thinking(std::string_view text) { delta("thinking_delta", "thinking", text); }
void BlockEvents::signature(std::string_view signature) {
  delta("signature_delta", "signature", signature);
}
void BlockEvents::citation(Json citation) { delta("citations_delta", "citation", citation); }
void BlockEvents::input(Json input) { delta("input_json_delta", "partial_json", to_text(input)); }

void BlockEvents::stop() {
  events_ += event("content_block_stop", {{"type", "content_block_stop"}, {"index", started_ - 1}});
}

std::string event(const char* type, const Json& data) {
  return std::string("event: ") + type + "\ndata: " + to_text(data) + "\n\n";
}

}  // namespace gembal::anthropic
