// `perch --check`: every mistake that can be found without running anything.

#include "base/text.h"
#include "bundle/collect.h"
#include "cli/findings.h"
#include "cli/load.h"
#include "cli/verbs.h"
#include "scan/proof.h"

namespace perch::cli {

namespace {

std::string summary(const Loaded& loaded, const diag::Diags& diags) {
  using base::cat;
  using base::plural;
  const auto errors = static_cast<std::int64_t>(diags.errors());
  const auto warnings = static_cast<std::int64_t>(diags.warnings());
  if (diags.has_errors()) {
    return cat("✗ ", loaded.found.shown, ": ", plural(errors, "error"), ", ",
               plural(warnings, "warning"), "\n");
  }
  const program::Program& program = *loaded.program;
  return cat("✓ ", loaded.found.shown, ": ",
             plural(static_cast<std::int64_t>(program.commands.size()), "command"), ", ",
             program.catch_command == nullptr ? 0 : 1, " catch, ",
             plural(static_cast<std::int64_t>(program.bindings.size()), "binding"), " — ",
             warnings == 0 ? std::string("no issues") : plural(warnings, "warning"), "\n");
}

/// Mistakes in what the `bundle` block includes, as building an executable would meet them.
void check_bundle(const Context& context, const Loaded& loaded, diag::Diags& diags) {
  if (context.built != nullptr || loaded.found.from_stdin || loaded.program->bundle.empty())
    return; // those are not built
  (void)bundle::collect(context.world.fs, *loaded.program, {}, sys::Spot(), diags);
}

} // namespace

int check(const Context& context) {
  const op::OpTable& ops = op_table();
  diag::Diags diags;
  const Result<Loaded> loaded = try_load_program(context, ops, program::Strictness::Check, diags);
  if (!loaded) {
    if (context.options.json)
      context.out(unreadable_json(context, loaded.error()));
    else
      context.report(loaded.error());
    return load_failed(context);
  }
  // From here on the program is sound: what it asks for can be held against what allows it.
  if (loaded->program != nullptr) {
    const program::Program& program = *loaded->program;
    scan::prove(program, scan::survey(program), context.sources, diags);
    check_bundle(context, *loaded, diags);
  }
  if (context.options.json) {
    context.out(findings_json(context, loaded->found.shown, diags));
  } else {
    context.report(diags);
    context.out(summary(*loaded, diags));
  }
  return diags.has_errors() ? kUsage : kOk;
}

} // namespace perch::cli
