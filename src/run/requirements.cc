#include "run/requirements.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/layers.h"
#include "run/bins.h"
#include "run/expr.h"
#include "run/shared_run.h"
#include "sys/fs.h"

#include <optional>

namespace perch::run {

namespace {

using base::cat;
using program::Requirement;
using program::Requires;

/// What a root is relative to: the declaring file, or where the tests of a program have theirs.
std::string_view base_directory(const State& state, const program::Module& module) {
  const std::string& roots = state.run.request().roots_directory;
  return roots.empty() ? std::string_view(module.directory) : roots;
}

/// An absolute root; nullopt when its text cannot be made.
Eval<std::optional<std::string>> root_of(State& state, const Requirement& root) {
  std::string text(root.text);
  if (root.expr != nullptr) {
    State scope = file_scope(state, root.module);
    auto made = text_of(scope, *root.expr);
    if (!made && made.error()->error.kind == kind::kUnknownName)
      return std::nullopt;
    PERCH_TRY_ASSIGN(text, std::move(made));
  }
  if (text.empty()) {
    return raise(state, root.span,
                 {.kind = kind::kBadArgument,
                  .message = "a root in `requires` is empty",
                  .help = "write `.` for the directory of the file"});
  }
  return sys::absolute_path(base_directory(state, *root.module), text);
}

Flow add_roots(State& state, const std::vector<Requirement>& roots,
               std::vector<std::string>& rules) {
  for (const Requirement& root : roots) {
    PERCH_TRY_ASSIGN(auto path, root_of(state, root));
    if (path)
      rules.push_back(std::move(*path));
  }
  return {};
}

Eval<policy::Policy> with_layer(State& state, const policy::Policy& below,
                                const policy::RequiresRules& rules) {
  const diag::Span span = rules.span;
  PERCH_TRY_ASSIGN(policy::Layer layer, placed(state, span, policy::requires_layer(rules)));
  PERCH_TRY_ASSIGN(auto pinned, placed(state, span, state.run.gate().pin(std::move(layer))));
  return below.with(std::move(pinned));
}

} // namespace

Eval<policy::Policy> with_requirements(State& state) {
  const Requires& declared = state.run.program().requirements;
  if (!declared.present)
    return *state.policy;
  policy::RequiresRules rules{
      .confine = declared.confine,
      .directory = state.run.program().root().directory,
      .origin = cat("requires (", state.run.setting().sources.file_line(declared.span), ')'),
      .span = declared.span};
  for (const Requirement& env : declared.env)
    rules.envs.emplace_back(env.text);
  for (const Requirement& host : declared.hosts)
    rules.hosts.emplace_back(host.text);
  // Names and roots may be made of variables and of ops: those are evaluated under what the
  // manifest declares without them.
  const policy::Policy& below = *state.policy;
  PERCH_TRY_ASSIGN(const policy::Policy without_roots, with_layer(state, below, rules));
  const Restoring<const policy::Policy*> strict(state.policy, &without_roots);
  PERCH_TRY_ASSIGN(std::vector<DeclaredBin> bins, declared_bins(state));
  for (const DeclaredBin& bin : bins) {
    rules.bins.push_back(bin.name.contains('/') ? sys::absolute_path(bin.directory, bin.name)
                                                : bin.name);
  }
  state.run.gate().declare_bins(std::move(bins));
  PERCH_TRY(add_roots(state, declared.read, rules.read_roots));
  PERCH_TRY(add_roots(state, declared.write, rules.write_roots));
  return with_layer(state, below, rules);
}

} // namespace perch::run
