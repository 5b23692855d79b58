// `perch --dump=tokens|ast`: what a stage saw, for tests and for the curious.

#include "lang/dump.h"

#include "cli/load.h"
#include "cli/verbs.h"
#include "lang/parse.h"

namespace perch::cli {

int dump(const Context& context) {
  const Result<Found> found = find_program(context);
  const Result<std::uint32_t> source =
      found ? read_program(context, *found) : std::unexpected(found.error());
  if (!source) {
    context.report(source.error());
    return kUsage;
  }
  diag::Diags diags;
  const diag::Source& text = context.sources.get(*source);
  const lang::Tokens tokens = lang::lex(text, diags);
  context.out(context.options.dump == "tokens" ? lang::dump(text, tokens)
                                               : lang::dump(lang::parse(text, tokens, diags)));
  context.report(diags);
  return diags.has_errors() ? kUsage : kOk;
}

} // namespace perch::cli
