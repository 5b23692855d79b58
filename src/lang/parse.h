#pragma once
// Tokens to tree. The grammar is docs/GRAMMAR.md; it knows shapes, never the names of ops.

#include "lang/ast.h"
#include "lang/token.h"

namespace perch::lang {

/// Parses one file. After an error it goes on at the next statement that can stand there, so
/// independent mistakes are separate diagnostics. Consumes the tokens' arena into the Ast.
[[nodiscard]] Ast parse(const diag::Source& source, const Tokens& tokens, diag::Diags& diags);

/// True for words that open a block or belong to one inside a body (`if`, `else`, `end`, …).
[[nodiscard]] bool is_block_keyword(std::string_view word);

} // namespace perch::lang
