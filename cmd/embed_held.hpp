#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/embed_output.hpp"
#include "cmd/output_file.hpp"
#include "lib/core/result.hpp"

namespace gembal::cmd {

/// What a file of vectors holds already, so that only the rest is asked for.
class HeldVectors {
 public:
  /// Reads such a file, of this command's own writing, from its beginning, and cuts off a last line
  /// that was not finished. Errors: io; usage (another kind of file).
  static Result<HeldVectors> read(OutputFile& file, const std::string& name, EmbedFormat format);

  /// Whether the text has its vector. Errors: usage (the file has another text in its place).
  Result<bool> has(const EmbedText& text) const;

  std::size_t count() const { return count_; }
  std::size_t dimensions() const { return dimensions_; }  ///< 0: it has no vectors

 private:
  friend class HeldReader;
  std::string name_;
  std::vector<std::uint64_t> marks_;  ///< of the texts, by index; 0: not there
  std::size_t count_ = 0;
  std::size_t dimensions_ = 0;
};

}  // namespace gembal::cmd
