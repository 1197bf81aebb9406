#include "lib/http/chunk_reader.hpp"

#include <algorithm>
#include <charconv>

namespace gembal::http {
namespace {

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

}  // namespace

std::size_t ChunkReader::refuse(std::size_t used) {
  state_ = State::refused;
  return used;
}

bool ChunkReader::take_line(std::string_view bytes, std::size_t& used) {
  while (used < bytes.size()) {
    line_ += bytes[used++];
    if (line_.back() == '\n') return true;
    if (line_.size() > 1024) {
      state_ = State::refused;
      return false;
    }
  }
  return false;
}

// A chunk extension (";name=value") is lawful and means nothing to us.
bool ChunkReader::parse_size() {
  const auto digits_end = line_.find_first_of(";\r \t");
  const auto [stop, failure] = std::from_chars(line_.data(), line_.data() + digits_end, left_, 16);
  return digits_end != 0 && failure == std::errc{} && stop == line_.data() + digits_end &&
         !has_control_characters(std::string_view(line_).substr(0, line_.size() - 2));
}

std::size_t ChunkReader::read(std::string_view bytes, std::string& body) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ == State::reading) {
    if (part_ == Part::data) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
      body.append(bytes.substr(used, count));
      used += count;
      left_ -= count;
      if (left_ == 0) part_ = Part::data_end;
      continue;
    }
    if (!take_line(bytes, used)) break;
    if (line_.size() < 2 || line_[line_.size() - 2] != '\r') return refuse(used);
    switch (part_) {
      case Part::size:
        if (!parse_size()) return refuse(used);
        if (left_ > max_body_bytes_ || total_ + left_ > max_body_bytes_) {
          too_large_ = true;
          return refuse(used);
        }
        total_ += left_;
        part_ = left_ == 0 ? Part::trailer : Part::data;
        break;
      case Part::data_end:
        if (line_ != "\r\n") return refuse(used);
        part_ = Part::size;
        break;
      case Part::trailer:
        trailer_bytes_ += line_.size();
        if (trailer_bytes_ > 8 * 1024) return refuse(used);
        if (line_ == "\r\n") state_ = State::complete;
        break;
      case Part::data: break;
    }
    line_.clear();
  }
  return used;
}

}  // namespace gembal::http
