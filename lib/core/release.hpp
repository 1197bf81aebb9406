#pragma once

#include <string>

namespace gembal {

/// Empties a text and gives its memory back, which assigning an empty one does not do.
inline void release(std::string& text) { std::string().swap(text); }

}  // namespace gembal
