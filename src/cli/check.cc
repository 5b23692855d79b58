// `perch --check`: every mistake that can be found without running anything.

#include "base/json.h"
#include "base/text.h"
#include "bundle/collect.h"
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

/// Adds file, line, column and where the text ends; nothing when the place is unknown.
void add_place(base::Json& out, const diag::SourceMap& sources, diag::Span span) {
  if (!span.known())
    return;
  const diag::Position begin = sources.position(span);
  const diag::Position end = sources.position({span.source, span.end, span.end});
  out["file"] = sources.get(span.source).path;
  out["line"] = begin.line;
  out["column"] = begin.column;
  out["end_line"] = end.line;
  out["end_column"] = end.column;
}

base::Json diag_json(const diag::SourceMap& sources, const diag::Diag& diag) {
  base::Json out = {{"severity", diag.severity == diag::Severity::Error ? "error" : "warning"},
                    {"id", std::string(diag.id)},
                    {"message", diag.message}};
  add_place(out, sources, diag.span);
  if (!diag.label.empty())
    out["label"] = diag.label;
  out["notes"] = diag.notes;
  out["help"] = diag.help;
  base::Json related = base::Json::array();
  for (const diag::Related& other : diag.related) {
    base::Json place = {{"text", other.text}};
    add_place(place, sources, other.span);
    related.push_back(std::move(place));
  }
  out["related"] = std::move(related);
  return out;
}

/// The same findings for tools, on standard output and as one line.
std::string findings_json(const Context& context, const Loaded& loaded, diag::Diags& diags) {
  diags.sort();
  base::Json all = base::Json::array();
  for (const diag::Diag& diag : diags.all())
    all.push_back(diag_json(context.sources, diag));
  return base::json_text({{"file", loaded.found.shown},
                          {"ok", !diags.has_errors()},
                          {"errors", diags.errors()},
                          {"warnings", diags.warnings()},
                          {"left_out", diags.dropped()},
                          {"diagnostics", std::move(all)}}) +
         "\n";
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
  const std::optional<Loaded> loaded =
      load_program(context, ops, program::Strictness::Check, diags);
  if (!loaded)
    return load_failed(context);
  // From here on the program is sound: what it asks for can be held against what allows it.
  if (loaded->program != nullptr) {
    const program::Program& program = *loaded->program;
    scan::prove(program, scan::survey(program), context.sources, diags);
    check_bundle(context, *loaded, diags);
  }
  if (context.options.json) {
    context.out(findings_json(context, *loaded, diags));
  } else {
    context.report(diags);
    context.out(summary(*loaded, diags));
  }
  return diags.has_errors() ? kUsage : kOk;
}

} // namespace perch::cli
