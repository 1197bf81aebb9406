#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace gembal {

/// One part of a multipart form: a field's value, or a file.
struct FormPart {
  std::string name;
  std::string filename;      ///< as the client told it, never to be used as a path; "": a field
  std::string content_type;  ///< as the client told it; "" when it did not
  std::string_view bytes;    ///< within the body that was read

  bool is_file() const { return !filename.empty(); }
};

/// A multipart form, its parts in the order in which they came. It points into the body that it was
/// read from, which must outlive it: files of any size are not copied.
struct Form {
  std::vector<FormPart> parts;

  /// The first part of that name; nullptr when there is none.
  const FormPart* find(std::string_view name) const;

  /// Its bytes; "" when there is none.
  std::string_view text(std::string_view name) const;

  /// All parts of that name, also when it is written as a list's: "image", "image[]", "image[0]".
  std::vector<const FormPart*> all(std::string_view name) const;
};

/// A form with more parts than this is refused.
inline constexpr std::size_t kMostFormParts = 256;

/// Reads the body of a multipart/form-data request (RFC 7578). Pure.
/// Errors, with what is wrong: bad_request (not multipart, no boundary or a bad one, cut short,
/// malformed, a part without a name, too many parts).
Result<Form> read_form(std::string_view content_type, std::string_view body);

}  // namespace gembal
