// with_env, with_cwd, sandbox: blocks that change what holds for their body.

#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/layers.h"
#include "program/env_pairs.h"
#include "run/expr.h"
#include "run/nodes.h"
#include "run/op_call.h"
#include "run/shared_run.h"
#include "run/step.h"

namespace perch::run {

namespace {

using base::cat;

} // namespace

Flow add_env_pairs(State& state, const program::Expr& expr, EnvOverlay& env) {
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, expr));
  const auto pairs = expr.plain() ? program::env_pairs(text) : program::env_pair(text);
  if (pairs.empty() || pairs.front().name.empty()) {
    return raise(state, expr.span,
                 {.kind = kind::kBadArgument,
                  .message = cat("with_env: `", text, "` is not NAME=value"),
                  .detail = text,
                  .help = "write one NAME=value per word"});
  }
  for (const program::EnvPair& pair : pairs) {
    if (is_secret_name(pair.name))
      state.run.secrets().add(pair.value);
    env.set(pair.name, pair.value);
  }
  return {};
}

Flow run_with_env(State& state, const program::WithEnvNode& node) {
  const EnvOverlay outer = state.env;
  EnvOverlay inner = outer;
  for (const program::Expr& pair : node.pairs)
    PERCH_TRY(add_env_pairs(state, pair, inner));
  const auto args = [&] {
    std::vector<std::string> names;
    for (const EnvOverlay::Entry* entry : inner.entries())
      names.emplace_back(entry->name);
    return StepArgs{{"names", std::move(names)}};
  };
  return stepped(state, "with_env", args, [&] {
    state.env = inner;
    Flow result = run_body(state, node.body);
    state.env = outer.after(state.env);
    return result;
  });
}

Flow run_with_cwd(State& state, const program::WithCwdNode& node) {
  PERCH_TRY_ASSIGN(const std::string path, text_of(state, node.path));
  auto directory = enter_directory(state, {.name = "with_cwd"}, path);
  if (!directory)
    return raise(state, node.path.span, std::move(directory).error());
  return stepped(
      state, "with_cwd", [&] { return StepArgs{{"path", shown(state, path)}}; },
      [&] {
        const Restoring<std::string> inside(state.directory, *directory);
        return run_body(state, node.body);
      });
}

Eval<policy::Policy> sandboxed(State& state, const program::SandboxNode& node,
                               const std::vector<std::string>& flags) {
  const std::string origin =
      cat("sandbox (", state.run.setting().sources.file_line(node.span), ')');
  PERCH_TRY_ASSIGN(policy::Layer layer,
                   placed(state, policy::sandbox_layer(flags, state.directory, origin)));
  layer.span = node.span;
  PERCH_TRY_ASSIGN(auto pinned, placed(state, state.run.gate().pin(std::move(layer))));
  return state.policy->with(std::move(pinned));
}

Flow run_sandbox(State& state, const program::SandboxNode& node) {
  std::vector<std::string> flags;
  PERCH_TRY(append_words(state, node.flags, flags));
  PERCH_TRY_ASSIGN(const policy::Policy inner, sandboxed(state, node, flags));
  return stepped(
      state, "sandbox", [&] { return StepArgs{{"flags", base::join(flags, ",")}}; },
      [&] {
        const Restoring<const policy::Policy*> confined(state.policy, &inner);
        return run_body(state, node.body);
      });
}

} // namespace perch::run
