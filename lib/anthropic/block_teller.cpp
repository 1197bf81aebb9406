#include "lib/anthropic/block_teller.hpp"

#include "lib/anthropic/search_results.hpp"
#include "lib/anthropic/signature.hpp"
#include "lib/core/digest.hpp"
#include "lib/core/text.hpp"
#include "lib/gemini/shown_text.hpp"

namespace gembal::anthropic {
namespace {

using gemini::Piece;
}  // namespace

BlockTeller::BlockTeller(std::string answer_id, MessageWishes wishes, KeepSignature keep,
                         BlockSink& sink)
    : answer_id_(std::move(answer_id)), wishes_(wishes), keep_(std::move(keep)), sink_(sink) {}

std::string BlockTeller::made_up_id(std::string_view prefix) {
  const auto seed = answer_id_ + "/" + std::to_string(made_up_++);
  return std::string(prefix) + sha256_hex(seed).substr(0, 24);
}

void BlockTeller::close() {
  const auto was = std::exchange(open_, Open::nothing);
  if (was == Open::nothing) return;
  if (was == Open::thinking) {
    sink_.signature(block_signature(std::exchange(signature_, "")));
  } else if (!std::exchange(cited_, true)) {
    for (auto& citation : citations_of(grounding_)) sink_.citation(std::move(citation));
  }
  sink_.stop();
}

void BlockTeller::open(Open kind) {
  if (open_ == kind) return;
  close();
  if (kind == Open::text) {
    if (finds_come_first_) tell_finds();
    sink_.start({{"type", "text"}, {"text", ""}});
  } else {
    sink_.start({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
  }
  open_ = kind;
}

void BlockTeller::append_text(std::string_view text) {
  open(Open::text);
  sink_.text(text);
}

void BlockTeller::tell_thought(Piece& piece) {
  if (wishes_.thoughts == Thoughts::hidden) return;
  open(Open::thinking);
  if (wishes_.thoughts == Thoughts::shown && !piece.text.empty()) sink_.thinking(piece.text);
  if (!piece.signature.empty()) signature_ = std::move(piece.signature);
}

void BlockTeller::tell_text(Piece& piece) {
  if (open_ == Open::thinking && !piece.signature.empty()) signature_ = std::move(piece.signature);
  if (!piece.text.empty()) append_text(piece.text);
}

void BlockTeller::tell_call(Piece piece) {
  if (wishes_.one_call && calls_ > 0) return;
  ++calls_;
  if (piece.id.empty() || call_ids_.count(piece.id) > 0) piece.id = made_up_id("toolu_");
  call_ids_.insert(piece.id);
  if (!piece.signature.empty()) {
    if (keep_) keep_(piece.id, piece.signature);
    if (wishes_.thoughts != Thoughts::hidden) {
      open(Open::thinking);
      signature_ = std::move(piece.signature);
    }
  }
  close();
  sink_.start({{"type", "tool_use"},
               {"id", std::move(piece.id)},
               {"name", std::move(piece.name)},
               {"input", Json::object()}});
  sink_.input(std::move(piece.args));
  sink_.stop();
}

void BlockTeller::tell_code(const Piece& piece) {
  if (!wishes_.shows_code) {
    append_text(gemini::code_block(piece.name, piece.text));
    return;
  }
  close();
  code_id_ = made_up_id("srvtoolu_");
  sink_.start({{"type", "server_tool_use"},
               {"id", code_id_},
               {"name", "code_execution"},
               {"input", Json::object()}});
  sink_.input({{"code", piece.text}});
  sink_.stop();
}

void BlockTeller::tell_code_result(const Piece& piece) {
  if (!wishes_.shows_code || code_id_.empty()) {
    append_text(gemini::code_result_block(piece.name, piece.text));
    return;
  }
  close();
  const bool worked = piece.name == "OUTCOME_OK";
  Json result = {{"type", "code_execution_result"},
                 {"stdout", worked ? piece.text : ""},
                 {"stderr", worked ? "" : piece.text},
                 {"return_code", worked ? 0 : 1},
                 {"content", Json::array()}};
  Json block = {{"type", "code_execution_tool_result"},
                {"tool_use_id", std::exchange(code_id_, "")}};
  block["content"] = std::move(result);
  sink_.start(std::move(block));
  sink_.stop();
}

/// Anthropic's messages have no pictures of the model's: they stand in the text, as Markdown.
void BlockTeller::tell_media(const Piece& piece) {
  if (!piece.mime_type.starts_with("image/")) return;
  append_text("![image](data:" + piece.mime_type + ";base64," + piece.data + ")");
}

void BlockTeller::tell(std::vector<Piece> pieces) {
  has_begun_ |= !pieces.empty();
  for (auto& piece : pieces) {
    switch (piece.kind) {
      case Piece::Kind::thought: tell_thought(piece); break;
      case Piece::Kind::text: tell_text(piece); break;
      case Piece::Kind::call: tell_call(std::move(piece)); break;
      case Piece::Kind::code: tell_code(piece); break;
      case Piece::Kind::code_result: tell_code_result(piece); break;
      case Piece::Kind::media: tell_media(piece); break;
    }
  }
}

void BlockTeller::ground(Json grounding) {
  if (grounding.is_null()) return;
  searches_ = count_searches(grounding);
  grounding_ = std::move(grounding);
  cited_ = false;
  finds_come_first_ |= !has_begun_;
}

/// Once.
void BlockTeller::tell_finds() {
  if (!wishes_.shows_finds || told_finds_ || grounding_.is_null()) return;
  auto pages = found_pages(grounding_);
  if (pages.empty()) return;
  told_finds_ = true;
  const auto id = made_up_id("srvtoolu_");
  sink_.start(
      {{"type", "server_tool_use"}, {"id", id}, {"name", "web_search"}, {"input", Json::object()}});
  sink_.input({{"query", search_query(grounding_)}});
  sink_.stop();
  Json block = {{"type", "web_search_tool_result"}, {"tool_use_id", id}};
  block["content"] = std::move(pages);
  sink_.start(std::move(block));
  sink_.stop();
}

void BlockTeller::end() {
  close();
  tell_finds();
}

}  // namespace gembal::anthropic
