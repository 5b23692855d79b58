#pragma once
// What of a word stands outside quotes: signs mean something there only.

#include "lang/ast.h"

#include <string>
#include <string_view>

namespace perch::lang {

/// `raw`, which is the source of `word`, with a letter in the place of every byte that is quoted,
/// escaped or part of a placeholder.
[[nodiscard]] std::string bare_text(const Word& word, std::string_view raw);

} // namespace perch::lang
