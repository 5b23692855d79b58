#pragma once
// The one canonical layout: `perch fmt`.

#include "lang/ast.h"
#include "lang/token.h"

#include <string>

namespace perch::lang {

/// Lays out a file that parsed without errors: four spaces a level, comments kept where they
/// stood, at most one blank line in a row, one between top-level items, spelling of words kept.
/// Formatting twice gives the same bytes; the formatted text parses to the same tree.
[[nodiscard]] std::string format(const diag::Source& source, const Tokens& tokens);

} // namespace perch::lang
