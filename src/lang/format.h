#pragma once
// The one canonical layout: `perch fmt`.

#include "lang/ast.h"
#include "lang/token.h"

#include <string>

namespace perch::lang {

/// Lays out a file that parsed without errors: four spaces a level, comments kept where they
/// stood and those behind adjacent lines below each other, at most one blank line in a row, one
/// around blocks at the file level, none inside the edges of a block, spelling of words kept.
/// Formatting twice gives the same bytes; the formatted text parses to the same tree.
///
/// Errors: none; a file with errors comes back as it is.
[[nodiscard]] std::string format(const diag::Source& source, const Tokens& tokens);

} // namespace perch::lang
