#include "scan/manifest.h"

#include "base/text.h"
#include "policy/layers.h"
#include "program/walk.h"
#include "scan/problems.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace perch::scan {

namespace {

using base::cat;
using op::Cap;
using policy::Layer;
using policy::Rule;

/// Adds one entry in the form that decide() compares.
void entry(Cap cap, std::string_view text, const program::Module* module, diag::Span span,
           std::vector<std::string>& into, diag::Diags& diags) {
  policy::RequiresRules one{.directory = module->directory, .origin = "requires"};
  const std::pair<Cap, std::vector<std::string>*> lists[] = {{Cap::Exec, &one.bins},
                                                             {Cap::Env, &one.envs},
                                                             {Cap::Net, &one.hosts},
                                                             {Cap::Read, &one.read_roots},
                                                             {Cap::Write, &one.write_roots}};
  for (const auto& [of, list] : lists) {
    if (of == cap)
      list->emplace_back(text);
  }
  auto layer = policy::requires_layer(one);
  if (!layer)
    return diags.error(UselessEntry{layer.error().message, layer.error().help}, span);
  into.push_back(std::move(layer->rule(cap).allowed.front()));
}

void roots(Cap cap, const std::vector<program::Requirement>& declared,
           const program::Program& program, Layer& layer, diag::Diags& diags) {
  Rule& rule = layer.rule(cap);
  bool certain = true;
  for (const program::Requirement& root : declared) {
    const auto text = root.expr != nullptr ? program::known_text(*root.expr, program)
                                           : std::optional(std::string(root.text));
    if (text)
      entry(cap, *text, root.module, root.span, rule.allowed, diags);
    certain = certain && text;
  }
  rule.mode = certain ? Rule::Mode::Only : Rule::Mode::Any;
  // What may be written may be read.
  if (cap == Cap::Write && !certain)
    layer.rule(Cap::Read).mode = Rule::Mode::Any;
}

} // namespace

Layer manifest_layer(const program::Program& program, const diag::SourceMap& sources,
                     diag::Diags& diags) {
  const program::Requires& declared = program.requirements;
  Layer layer{.origin = cat("requires (", sources.file_line(declared.span), ')'),
              .span = declared.span,
              .source = Layer::Source::Requires};
  for (const program::Bin* bin : declared.bins) {
    if (bin->name_expr == nullptr)
      entry(Cap::Exec, bin->name, bin->module, bin->span, layer.rule(Cap::Exec).allowed, diags);
  }
  for (const program::Requirement& env : declared.env)
    entry(Cap::Env, env.text, env.module, env.span, layer.rule(Cap::Env).allowed, diags);
  for (const program::Requirement& host : declared.hosts)
    entry(Cap::Net, host.text, host.module, host.span, layer.rule(Cap::Net).allowed, diags);
  const bool named = std::ranges::all_of(
      declared.bins, [](const program::Bin* bin) { return bin->name_expr == nullptr; });
  layer.rule(Cap::Exec).mode = named ? Rule::Mode::Only : Rule::Mode::Any;
  layer.rule(Cap::Env).mode = layer.rule(Cap::Net).mode = Rule::Mode::Only;
  roots(Cap::Read, declared.read, program, layer, diags);
  roots(Cap::Write, declared.write, program, layer, diags);
  return layer;
}

} // namespace perch::scan
