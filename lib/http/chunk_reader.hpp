#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gembal::http {

/// Takes a chunked body apart, in any cut. Pure; strict: two readers of one message must agree on
/// where it ends.
class ChunkReader {
 public:
  enum class State { reading, complete, refused };

  explicit ChunkReader(std::uint64_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  /// Appends what `bytes` hold of the body to `body`; returns how many bytes were used (all, unless
  /// complete or refused).
  std::size_t read(std::string_view bytes, std::string& body);

  State state() const { return state_; }
  bool too_large() const { return too_large_; }  ///< why it was refused

 private:
  enum class Part { size, data, data_end, trailer };
  std::size_t refuse(std::size_t used);
  bool take_line(std::string_view bytes, std::size_t& used);
  bool parse_size();

  std::uint64_t max_body_bytes_;
  State state_ = State::reading;
  Part part_ = Part::size;
  std::string line_;
  std::uint64_t left_ = 0;
  std::uint64_t total_ = 0;
  std::size_t trailer_bytes_ = 0;
  bool too_large_ = false;
};

}  // namespace gembal::http
