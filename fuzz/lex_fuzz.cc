// Any bytes: the lexer must return, and what it returns must lie in the source, in order.

#include "base/result.h"
#include "diag/diag.h"
#include "lang/dump.h"
#include "lang/token.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using namespace perch;

void check_part(const lang::Part& part, const diag::Span& word) {
  PERCH_ASSERT(part.span.begin >= word.begin && part.span.end <= word.end);
  PERCH_ASSERT(part.kind == lang::Part::Kind::Call || part.args.empty());
  for (const lang::Word& arg : part.args) {
    PERCH_ASSERT(arg.span.begin >= part.span.begin && arg.span.end <= part.span.end);
    for (const lang::Part& inner : arg.parts)
      check_part(inner, arg.span);
  }
}

// Returns where the line ends.
std::uint32_t check_line(const lang::Line& line, std::uint32_t at, std::size_t size) {
  PERCH_ASSERT(!line.words.empty() || line.comment.known());
  for (const lang::Word& word : line.words) {
    PERCH_ASSERT(word.span.begin >= at && word.span.end > word.span.begin);
    at = word.span.end;
    for (const lang::Part& part : word.parts)
      check_part(part, word.span);
  }
  if (line.comment.known()) {
    PERCH_ASSERT(line.comment.begin >= at && line.comment.end > line.comment.begin);
    at = line.comment.end;
  }
  PERCH_ASSERT(at <= size);
  return at;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  diag::SourceMap sources;
  diag::Diags diags;
  const diag::Source& source =
      sources.add("fuzz.perch", {reinterpret_cast<const char*>(data), size});
  const lang::Tokens tokens = lang::lex(source, diags);
  std::uint32_t at = 0;
  for (const lang::Line& line : tokens.lines)
    at = check_line(line, at, size);
  (void)lang::dump(source, tokens);
  for (const diag::Diag& diag : diags.all())
    (void)diag::render(diag, sources, diag::Color::On);
  return 0;
}
