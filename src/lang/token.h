#pragma once
// The words of a file, line by line. Literal text and placeholders are told apart here, once.

#include "base/arena.h"
#include "diag/diag.h"
#include "lang/ast.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace perch::lang {

/// A file longer than this is refused.
inline constexpr std::size_t kMaxSourceBytes = std::size_t{256} * 1024 * 1024;

/// One line that holds something. Where a backtick string spans lines, so does the Line.
struct Line {
  std::span<const Word> words; ///< in the arena, contiguous; empty for a comment alone
  Span comment;                ///< from `#` to the end of the line; unknown if there is none
  std::uint32_t column = 0;    ///< blanks before the first word: a space counts 1, a tab 4
  bool damaged = false;        ///< an error was reported in it: its shape proves nothing

  /// Where its first word or its comment begins, and its last one ends.
  [[nodiscard]] std::uint32_t begin() const {
    return words.empty() ? comment.begin : words.front().span.begin;
  }
  [[nodiscard]] std::uint32_t end() const {
    return comment.known() ? comment.end : words.back().span.end;
  }
};

/// All lines of one source; the arena holds words, decoded text and placeholders.
struct Tokens {
  std::uint32_t source = 0;
  std::shared_ptr<base::Arena> arena;
  std::vector<Line> lines;
  bool sound = false; ///< no error was reported
};

/// Splits a source into words. Bad escapes, unterminated quotes and placeholders and deceptive
/// characters are diagnosed and skipped over, so that the parser sees the rest. A source that is
/// no text (ill-formed UTF-8, a NUL byte, too long) gets one diagnostic and no lines.
[[nodiscard]] Tokens lex(const diag::Source& source, diag::Diags& diags);

} // namespace perch::lang
