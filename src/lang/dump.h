#pragma once
// One-line-per-node texts of each stage, for tests and `perch --dump=tokens|ast`.

#include "lang/ast.h"
#include "lang/token.h"

#include <string>

namespace perch::lang {

/// A word in one spelling whatever was written: bare words as they are, quoted ones as "text",
/// words quoted in part as ~"text"; escapes and placeholders shown.
[[nodiscard]] std::string dump(const Word& word);

/// One line for each Line: its number, its column, its words, its comment.
[[nodiscard]] std::string dump(const diag::Source& source, const Tokens& tokens);

/// One line for each node, children indented by two. Holds no positions: two files have the same
/// dump exactly if they mean the same.
[[nodiscard]] std::string dump(const Ast& ast);

} // namespace perch::lang
