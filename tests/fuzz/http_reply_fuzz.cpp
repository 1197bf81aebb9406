// An upstream reply's head and its chunked body, in any cut.

#include "lib/http/chunk_reader.hpp"
#include "lib/http/reply_head.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace gembal {
namespace {

constexpr std::size_t kMaxBody = 4096;

struct Body {
  http::ChunkReader::State state = http::ChunkReader::State::reading;
  std::string bytes;
  std::size_t used = 0;
  bool operator==(const Body&) const = default;
};

Body read_chunks(const std::vector<std::string_view>& pieces) {
  http::ChunkReader reader(kMaxBody);
  Body body;
  for (const auto piece : pieces) {
    const auto used = reader.read(piece, body.bytes);
    promise(used <= piece.size(), "no more is used than was there");
    body.used += used;
    body.state = reader.state();
    if (body.state != http::ChunkReader::State::reading) break;
    promise(used == piece.size(), "while it reads, all is used");
  }
  promise(body.bytes.size() <= kMaxBody, "no body is larger than allowed");
  return body;
}

}  // namespace

void fuzz_one(std::string_view input) {
  http::ReplyHead head;
  std::size_t consumed = 0;
  const auto progress = http::read_reply_head(input, false, head, consumed);
  if (progress == http::ReplyHeadProgress::complete) {
    promise(consumed <= input.size(), "a head takes what was there");
    http::ReplyHead again;
    std::size_t as_much = 0;
    promise(http::read_reply_head(input.substr(0, consumed), false, again, as_much) == progress &&
                as_much == consumed,
            "what follows a head does not change it");
    input.remove_prefix(consumed);
  }
  const auto whole = read_chunks({input});
  for (unsigned turn = 0; turn < turns_for(input); ++turn) {
    const auto cut = read_chunks(pieces_of(input, turn));
    promise(cut.state == whole.state, "the same end in any cut");
    if (whole.state != http::ChunkReader::State::refused)
      promise(cut == whole, "the same body in any cut");
  }
}

}  // namespace gembal
