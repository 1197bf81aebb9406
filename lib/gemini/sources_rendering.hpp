#pragma once

#include "lib/gemini/rendering.hpp"
#include "lib/gemini/shown_text.hpp"

namespace gembal::gemini {

/// Any dialect's rendering, of an answer that ends with its sources.
class SourcesRendering final : public Rendering {
 public:
  /// `is_wanted`: may become true until the first event; it and `inner` must outlive this.
  SourcesRendering(Rendering& inner, const bool& is_wanted)
      : inner_(inner), is_wanted_(is_wanted) {}

  std::string content_type() const override { return inner_.content_type(); }
  Result<std::string> whole(std::vector<Reply> replies) override {
    for (auto& reply : replies) add_sources(reply);
    return inner_.whole(std::move(replies));
  }
  std::string begin() override { return inner_.begin(); }
  std::string push(Reply event, std::size_t call) override {
    add_sources(event);
    return inner_.push(std::move(event), call);
  }
  bool finished() const override { return inner_.finished(); }
  std::string finish() override { return inner_.finish(); }
  std::string fail(int status, const Error& error) override { return inner_.fail(status, error); }
  std::string heartbeat() override { return inner_.heartbeat(); }

 private:
  void add_sources(Reply& reply) {
    if (!is_wanted_) return;
    for (auto& candidate : reply.candidates) {
      auto text =
          sources_.after(candidate.index, candidate.grounding, !candidate.finish_reason.empty());
      if (text.empty()) continue;
      Piece piece;
      piece.text = std::move(text);
      candidate.pieces.push_back(std::move(piece));
    }
  }

  Rendering& inner_;
  const bool& is_wanted_;
  SourcesAtEnd sources_;
};

}  // namespace gembal::gemini
