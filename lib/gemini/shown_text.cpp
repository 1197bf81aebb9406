#include "lib/gemini/shown_text.hpp"

#include <algorithm>

#include "lib/core/text.hpp"

namespace gembal::gemini {
namespace {

constexpr std::size_t kMostCandidates = 64;
constexpr std::size_t kMostSources = 1000;

/// A fence longer than any in `text`.
std::string fence_around(std::string_view text) {
  std::size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max<std::size_t>(longest + 1, 3), '`');
}

std::string fenced(std::string_view language, std::string_view text) {
  const auto fence = fence_around(text);
  std::string block = "\n\n" + fence + lower(language) + "\n";
  block += text;
  if (!text.ends_with('\n')) block += '\n';
  return block + fence + "\n\n";
}

/// A title between square brackets.
std::string link_text(std::string_view title) {
  std::string text;
  for (const char c : trim(title)) {
    if (c == '[' || c == ']' || c == '\\') text += '\\';
    text += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return text;
}

/// An address between parentheses; "" for what is none of a page.
std::string link_address(std::string_view uri) {
  if (!uri.starts_with("https://") && !uri.starts_with("http://")) return "";
  std::string address;
  for (const char c : uri) {
    if (c == '(' || c == ')' || c == '<' || c == '>' || static_cast<unsigned char>(c) <= ' ') {
      address += percent_encode(std::string_view(&c, 1));
    } else {
      address += c;
    }
  }
  return address;
}

Json text_part(std::string text) { return {{"text", std::move(text)}}; }

}  // namespace

std::string code_block(std::string_view language, std::string_view source) {
  return fenced(language == "LANGUAGE_UNSPECIFIED" ? "" : language, source);
}

std::string code_result_block(std::string_view outcome, std::string_view output) {
  std::string head;
  if (!outcome.empty() && outcome != "OUTCOME_OK") {
    if (outcome.starts_with("OUTCOME_")) outcome.remove_prefix(8);
    auto word = lower(outcome);
    std::replace(word.begin(), word.end(), '_', ' ');
    head = "\n\n**Code execution: " + word + "**";
  }
  return output.empty() && !head.empty() ? head + "\n\n" : head + fenced("text", output);
}

void SourceList::add(const Json& grounding) {
  const Json* chunks = find(grounding, "groundingChunks");
  if (!chunks || !chunks->is_array()) return;
  for (const auto& chunk : *chunks) {
    const Json* web = find(chunk, "web");
    if (!web || lines_.size() >= kMostSources) continue;
    const auto address = link_address(string_in(*web, "uri"));
    if (address.empty() || !known_.insert(address).second) continue;
    auto title = link_text(string_in(*web, "title"));
    if (title.empty()) title = link_text(string_in(*web, "uri"));
    lines_.push_back("- [" + title + "](" + address + ")");
  }
}

std::string SourceList::text() const {
  if (lines_.empty()) return "";
  return "\n\n---\n\n**Sources**\n\n" + join(lines_, "\n") + "\n";
}

std::string SourcesAtEnd::after(std::int64_t index, const Json& grounding, bool ends) {
  if (!candidates_.contains(index) && candidates_.size() >= kMostCandidates) return "";
  auto& known = candidates_[index];
  known.sources.add(grounding);
  if (ends) known.ended = true;
  if (!known.ended || known.told || known.sources.empty()) return "";
  known.told = true;
  return known.sources.text();
}

bool ShownAnswer::show_code(Json& candidate) {
  const auto content = candidate.find("content");
  if (content == candidate.end() || !content->is_object()) return false;
  const auto parts = content->find("parts");
  if (parts == content->end() || !parts->is_array()) return false;
  bool changed = false;
  for (auto& part : *parts) {
    std::string text;
    if (const Json* code = find(part, "executableCode")) {
      text = code_block(string_in(*code, "language"), string_in(*code, "code"));
      part.erase("executableCode");
    } else if (const Json* result = find(part, "codeExecutionResult")) {
      text = code_result_block(string_in(*result, "outcome"), string_in(*result, "output"));
      part.erase("codeExecutionResult");
    } else {
      continue;
    }
    part["text"] = std::move(text);
    changed = true;
  }
  return changed;
}

bool ShownAnswer::show_sources(Json& candidate) {
  const Json* grounding = find(candidate, "groundingMetadata");
  auto text =
      sources_.after(integer_in(candidate, "index").value_or(0), grounding ? *grounding : Json(),
                     find(candidate, "finishReason") != nullptr);
  if (text.empty()) return false;
  auto& content = candidate["content"];
  if (!content.is_object()) content = {{"role", "model"}};
  auto& parts = content["parts"];
  if (!parts.is_array()) parts = Json::array();
  parts.push_back(text_part(std::move(text)));
  return true;
}

bool ShownAnswer::show(Json& event) {
  if (!event.is_object()) return false;
  const auto candidates = event.find("candidates");
  if (candidates == event.end() || !candidates->is_array()) return false;
  bool changed = false;
  for (auto& candidate : *candidates) {
    if (!candidate.is_object()) continue;
    if (wishes_.code_as_text && show_code(candidate)) changed = true;
    if (wishes_.sources && show_sources(candidate)) changed = true;
  }
  return changed;
}

}  // namespace gembal::gemini
