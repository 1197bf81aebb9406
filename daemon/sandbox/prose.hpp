#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/sandbox/ask.hpp"

namespace gembal::sandbox {

/// What the sandbox answers in words: says that it is the sandbox, repeats the prompt (shortened),
/// names attachments, instructions and function results, then adds a sentence or two.
std::string friendly_text(const Ask& ask);

/// So many of its sentences, one after the other from where `choice` says.
std::vector<std::string> some_sentences(std::uint64_t choice, std::size_t count);

/// So many words.
std::string words_text(const Ask& ask, std::int64_t count);

/// A thought summary as Gemini writes them: a title in bold, a few sentences.
std::string thought_text(const Ask& ask);

/// Cuts `text` for a stream: into `pieces` of about the same number of words, or, when 0, into
/// pieces of a few words each. Nothing is lost, and no character is cut.
std::vector<std::string> cut_text(std::string_view text, std::int64_t pieces, std::uint64_t seed);

/// The longest beginning of `text` that counts no more than `tokens`, ending between words where
/// there are any.
std::string shortened(std::string_view text, std::int64_t tokens);

}  // namespace gembal::sandbox
