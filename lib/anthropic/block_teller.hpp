#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "lib/anthropic/blocks.hpp"
#include "lib/anthropic/messages.hpp"
#include "lib/gemini/reply.hpp"

namespace gembal::anthropic {

/// Told of the signature of each tool call, by the id under which the client sees the call.
using KeepSignature = std::function<void(const std::string& call_id, const std::string& signature)>;

/// Tells the pieces of an answer as content blocks, in upstream's order.
///
/// Neighbours of one kind share a block. A signature goes into the thinking block before its piece,
/// which is made for it where there is none; in a stream that of a text that has begun is lost.
/// Links are told when their text ends, because upstream gives them last.
class BlockTeller {
 public:
  /// `answer_id`: made-up ids begin from it. `sink` outlives the teller. `keep` may be empty.
  BlockTeller(std::string answer_id, MessageWishes wishes, KeepSignature keep, BlockSink& sink);

  void tell(std::vector<gemini::Piece> pieces);

  /// What a search found: all of it so far. Links are told with the text that ends next, the finds
  /// before the first text or, where that is too late, at the end.
  void ground(Json grounding);

  /// Ends what is open.
  void end();

  bool has_calls() const { return calls_ > 0; }
  std::size_t searches() const { return searches_; }

 private:
  enum class Open { nothing, text, thinking };

  void tell_thought(gemini::Piece& piece);
  void tell_text(gemini::Piece& piece);
  void tell_call(gemini::Piece piece);
  void tell_code(const gemini::Piece& piece);
  void tell_code_result(const gemini::Piece& piece);
  void tell_media(const gemini::Piece& piece);
  void tell_finds();
  void append_text(std::string_view text);
  void open(Open kind);
  void close();
  std::string made_up_id(std::string_view prefix);

  const std::string answer_id_;
  const MessageWishes wishes_;
  const KeepSignature keep_;
  BlockSink& sink_;
  Open open_ = Open::nothing;
  std::string signature_;  ///< for the thinking block that is open
  std::set<std::string> call_ids_;
  std::size_t calls_ = 0;
  std::size_t made_up_ = 0;
  std::string code_id_;  ///< of the code whose result is to come
  Json grounding_;       ///< the latest; null for none
  bool cited_ = true;    ///< a text has had its links
  std::size_t searches_ = 0;
  bool finds_come_first_ = false;
  bool told_finds_ = false;
  bool has_begun_ = false;
};

}  // namespace gembal::anthropic
