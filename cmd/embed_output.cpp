#include "cmd/embed_output.hpp"

#include <bit>
#include <limits>
#include <utility>

#include "lib/core/base64.hpp"
#include "lib/core/json.hpp"

namespace gembal::cmd {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr struct {
  const char* name;
  EmbedFormat format;
} kFormats[] = {{"jsonl", EmbedFormat::jsonl},
                {"json", EmbedFormat::json},
                {"csv", EmbedFormat::csv},
                {"npy", EmbedFormat::npy},
                {"base64", EmbedFormat::base64}};

/// NumPy's head says how many rows there are, which is known at the end: its length never changes.
constexpr std::size_t kNpyHead = 128;

std::string npy_head(std::uint64_t rows, std::size_t dimensions) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) +
                     ", " + std::to_string(dimensions) + "), }";
  text.resize(kNpyHead - 11, ' ');
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(text.size() + 1);
  head += '\0';
  return head + text + '\n';
}

/// RFC 4180: in quotes where it has to be.
void append_csv(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_numbers(std::string& out, const float* vector, std::size_t size) {
  const auto start = out.size();
  openai::append_numbers(out, vector, size);
  out[start] = ',';  // for the bracket
  out.back() = '\n';
}

void append_object(std::string& out, const EmbedText& text, const float* vector, std::size_t size) {
  out += "{\"index\":" + std::to_string(text.index) + ",\"text\":" + to_text(text.text) +
         ",\"embedding\":";
  openai::append_numbers(out, vector, size);
  out += '}';
}

std::string csv_head(std::size_t dimensions) {
  std::string head = "index,text";
  for (std::size_t i = 0; i < dimensions; ++i) head += ",e" + std::to_string(i);
  return head + '\n';
}

}  // namespace

std::optional<EmbedFormat> embed_format(std::string_view name) {
  for (const auto& known : kFormats) {
    if (name == known.name) return known.format;
  }
  return std::nullopt;
}

std::optional<EmbedFormat> embed_format_of(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto ending = path.substr(dot + 1);
  return ending == "ndjson" ? EmbedFormat::jsonl : embed_format(ending);
}

bool can_resume(EmbedFormat format) {
  return format == EmbedFormat::jsonl || format == EmbedFormat::csv;
}

std::string format_vectors(EmbedFormat format, const std::vector<EmbedText>& texts,
                           const openai::Vectors& vectors) {
  const std::size_t size = vectors.numbers.size() / vectors.count;
  const auto bytes_of = [&](std::size_t row) {
    return std::string_view(reinterpret_cast<const char*>(vectors.numbers.data() + row * size),
                            size * sizeof(float));
  };
  std::string out;
  // npy and base64 are of a known size; a number of the others has some twelve characters.
  out.reserve(vectors.count * (64 + size * (format == EmbedFormat::npy ? 4 : 16)));
  for (std::size_t i = 0; i < vectors.count; ++i) {
    const float* vector = vectors.numbers.data() + i * size;
    switch (format) {
      case EmbedFormat::jsonl:
        append_object(out, texts[i], vector, size);
        out += '\n';
        break;
      case EmbedFormat::json:
        out += ",\n";  // the writer leaves the very first out
        append_object(out, texts[i], vector, size);
        break;
      case EmbedFormat::csv:
        out += std::to_string(texts[i].index) + ',';
        append_csv(out, texts[i].text);
        append_csv_numbers(out, vector, size);
        break;
      case EmbedFormat::npy: out += bytes_of(i); break;
      case EmbedFormat::base64:
        append_base64(out, bytes_of(i));
        out += '\n';
        break;
    }
  }
  return out;
}

std::string EmbedWriter::head() const {
  switch (format_) {
    case EmbedFormat::json: return "[";
    case EmbedFormat::csv: return csv_head(dimensions_);
    case EmbedFormat::npy: return npy_head(0, dimensions_);
    case EmbedFormat::jsonl:
    case EmbedFormat::base64: break;
  }
  return "";
}

Result<void> EmbedWriter::put(std::string_view text, std::size_t rows, std::size_t dimensions) {
  if (dimensions_ == 0) dimensions_ = dimensions;
  if (dimensions != dimensions_) {
    return Error{goes_on_ ? ErrorKind::usage : ErrorKind::upstream,
                 "the vectors have " + std::to_string(dimensions) + " numbers, those before have " +
                     std::to_string(dimensions_),
                 "give the same --model and --dimensions as before"};
  }
  if (!std::exchange(has_begun_, true)) {
    if (auto written = file_.write(head()); !written) return written;
    if (auto written = write_missing(missing_); !written) return written;
    if (format_ == EmbedFormat::json) text.remove_prefix(1);
  }
  rows_ += rows;
  return file_.write(text);
}

Result<void> EmbedWriter::put_missing(std::size_t rows) {
  rows_ += rows;
  if (has_begun_) return write_missing(rows);
  missing_ += rows;
  return {};
}

Result<void> EmbedWriter::write_missing(std::size_t rows) {
  if (format_ == EmbedFormat::base64) return file_.write(std::string(rows, '\n'));
  if (format_ != EmbedFormat::npy) return {};
  const std::vector<float> row(dimensions_, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < rows; ++i) {
    auto written =
        file_.write({reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float)});
    if (!written) return written;
  }
  return {};
}

Result<void> EmbedWriter::finish() {
  if (format_ == EmbedFormat::json) {
    if (auto written = file_.write(has_begun_ ? "\n]\n" : "[]\n"); !written) return written;
  }
  if (format_ == EmbedFormat::npy) {
    if (auto written = file_.write_at(0, npy_head(rows_, dimensions_)); !written) return written;
  }
  return file_.finish();
}

}  // namespace gembal::cmd
