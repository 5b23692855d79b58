// Any bytes: a file without errors means the same after it was laid out, and laying it out again
// changes nothing; a file with errors stays as it is.

#include "base/result.h"
#include "diag/diag.h"
#include "lang/dump.h"
#include "lang/format.h"
#include "lang/parse.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using namespace perch;

struct Read {
  explicit Read(std::string text)
      : source(sources.add("fuzz.perch", std::move(text))), tokens(lang::lex(source, diags)),
        tree(lang::dump(lang::parse(source, tokens, diags))) {}

  diag::SourceMap sources;
  diag::Diags diags;
  const diag::Source& source;
  lang::Tokens tokens;
  std::string tree;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Read first({reinterpret_cast<const char*>(data), size});
  const std::string formatted = lang::format(first.source, first.tokens);
  if (first.diags.has_errors()) {
    PERCH_ASSERT(formatted == first.source.text);
    return 0;
  }
  const Read second(formatted);
  PERCH_ASSERT(!second.diags.has_errors());
  PERCH_ASSERT(second.diags.warnings() == first.diags.warnings());
  PERCH_ASSERT(second.tree == first.tree);
  PERCH_ASSERT(lang::format(second.source, second.tokens) == formatted);
  return 0;
}
