// Any bytes: the parser must return, and every tree it returns must be whole enough to be dumped.

#include "base/result.h"
#include "diag/diag.h"
#include "lang/dump.h"
#include "lang/parse.h"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace perch;
  diag::SourceMap sources;
  diag::Diags diags;
  const diag::Source& source =
      sources.add("fuzz.perch", {reinterpret_cast<const char*>(data), size});
  const lang::Ast ast = lang::parse(source, lang::lex(source, diags), diags);
  (void)lang::dump(ast);
  for (const diag::Diag& diag : diags.all()) {
    PERCH_ASSERT(diag.span.known() && diag.span.begin <= diag.span.end && diag.span.end <= size);
    PERCH_ASSERT(!diag.message.empty() && !diag.help.empty());
    (void)diag::render(diag, sources, diag::Color::Off);
  }
  return 0;
}
