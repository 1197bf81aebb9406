#pragma once

#include <cstddef>

namespace gembal::embedded {

/// A file as cmake/EmbedFiles.cmake put it into the program.
struct EmbeddedFile {
  const char* name;
  const char* begin;
  const char* end;
  const char* hash;  ///< 16 hexadecimal digits of its content
};

extern const EmbeddedFile web[];  ///< all of daemon/web/built
extern const std::size_t web_count;

}  // namespace gembal::embedded
