#include "cli/findings.h"

#include "base/json.h"

namespace perch::cli {

namespace {

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

} // namespace

std::string findings_json(const Context& context, std::string_view file, diag::Diags& diags) {
  diags.sort();
  base::Json all = base::Json::array();
  for (const diag::Diag& diag : diags.all())
    all.push_back(diag_json(context.sources, diag));
  return base::json_text({{"file", std::string(file)},
                          {"ok", !diags.has_errors()},
                          {"errors", diags.errors()},
                          {"warnings", diags.warnings()},
                          {"left_out", diags.dropped()},
                          {"diagnostics", std::move(all)}}) +
         "\n";
}

std::string unreadable_json(const Context& context, const Error& error) {
  diag::Diags diags;
  diags.add(placeless(error));
  return findings_json(context, context.options.file, diags);
}

std::optional<Loaded> load_sound(const Context& context, const op::OpTable& ops, Form form) {
  diag::Diags diags;
  auto loaded = try_load_program(context, ops, program::Strictness::Run, diags);
  if (loaded && loaded->program != nullptr)
    return std::move(*loaded);
  if (form == Form::Json)
    context.out(loaded ? findings_json(context, loaded->found.shown, diags)
                       : unreadable_json(context, loaded.error()));
  else if (loaded)
    context.report(diags);
  else
    context.report(loaded.error());
  return std::nullopt;
}

} // namespace perch::cli
