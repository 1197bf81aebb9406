#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/embed_input.hpp"
#include "cmd/output_file.hpp"
#include "lib/core/result.hpp"
#include "lib/openai/embeddings.hpp"

namespace gembal::cmd {

/// How vectors are written.
enum class EmbedFormat {
  jsonl,   ///< {"index":0,"text":"…","embedding":[…]} a line
  json,    ///< the same objects as one array
  csv,     ///< index,text,e0,e1,… with a line of headings
  npy,     ///< NumPy's: a matrix of 32-bit floats, a row a text
  base64,  ///< little-endian 32-bit floats, a vector a line
};

/// By its name; nullopt for another word.
std::optional<EmbedFormat> embed_format(std::string_view name);
/// By the ending of a file's name; nullopt when that says nothing.
std::optional<EmbedFormat> embed_format_of(std::string_view path);
/// Whether a file of it can be gone on with.
bool can_resume(EmbedFormat format);

/// The vectors of a batch, as they are written. Pure.
std::string format_vectors(EmbedFormat format, const std::vector<EmbedText>& texts,
                           const openai::Vectors& vectors);

/// Writes batches in the order in which they are put, with what a format wants before, between and
/// after them. Not thread-safe, but may be used by one thread after another.
class EmbedWriter {
 public:
  /// `dimensions`: of the vectors that `file` has already; 0: it has none.
  EmbedWriter(OutputFile file, EmbedFormat format, std::size_t dimensions)
      : file_(std::move(file)),
        format_(format),
        goes_on_(dimensions > 0),
        dimensions_(dimensions),
        has_begun_(goes_on_) {}

  /// `text`: from format_vectors(). Errors: io; vectors of another size than before: usage, when
  /// those are the file's, else upstream.
  Result<void> put(std::string_view text, std::size_t rows, std::size_t dimensions);
  /// Texts without a vector: not-a-number in a matrix, empty lines of base64, left out elsewhere.
  /// Errors: io.
  Result<void> put_missing(std::size_t rows);
  /// Errors: io, usage (as OutputFile::finish()).
  Result<void> finish();

  std::size_t dimensions() const { return dimensions_; }

 private:
  std::string head() const;
  Result<void> write_missing(std::size_t rows);

  OutputFile file_;
  const EmbedFormat format_;
  const bool goes_on_;  ///< there were vectors before
  std::size_t dimensions_;
  bool has_begun_;
  std::uint64_t rows_ = 0;
  std::size_t missing_ = 0;  ///< rows before the first vector told how long a row is
};

}  // namespace gembal::cmd
