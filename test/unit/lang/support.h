#pragma once
// What the tests of this folder share: a text in, a dump or rendered diagnostics out.

#include "diag/diag.h"
#include "lang/dump.h"
#include "lang/format.h"
#include "lang/parse.h"
#include "lang/token.h"

#include <string>

namespace perch::lang {

/// A text as the file `a.perch`, and everything reported about it.
struct TestFile {
  explicit TestFile(std::string text) : source(sources.add("a.perch", std::move(text))) {}

  std::string tokens() { return dump(source, lex(source, diags)); }
  std::string tree() { return dump(parse(source, lex(source, diags), diags)); }
  std::string formatted() { return format(source, lex(source, diags)); }

  std::string diagnostics() {
    diags.sort();
    std::string out;
    for (const diag::Diag& diag : diags.all())
      out += render(diag, sources, diag::Color::Off);
    return out;
  }

  diag::SourceMap sources;
  const diag::Source& source;
  diag::Diags diags;
};

/// What is reported about a text.
inline std::string reported(std::string text) {
  TestFile file(std::move(text));
  (void)file.tree();
  return file.diagnostics();
}

} // namespace perch::lang
