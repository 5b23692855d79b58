// Bodies and statements.

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/call.h"
#include "run/exec.h"
#include "run/expr.h"
#include "run/nodes.h"
#include "run/op_call.h"
#include "run/step.h"

namespace perch::run {

namespace {

using program::Node;
using program::NodeKind;

/// Blocks inside blocks and commands inside commands; each costs some stack.
constexpr int kDeepestNesting = 4000;

/// `NAME = …` of a statement whose value is what it writes to standard output.
template <class Run>
Flow run_writing(State& state, const Node& node, MemoryOutlet::Trim trim, const Run& run) {
  if (node.capture < 0)
    return run();
  PERCH_TRY_ASSIGN(std::string text, captured(state, trim, run));
  state.slots->set(node.capture, op::Value(std::move(text)));
  return {};
}

Flow run_op_statement(State& state, const program::OpNode& node) {
  PERCH_TRY_ASSIGN(op::Value value, run_op(state, node));
  state.slots->set(node.capture, std::move(value));
  return {};
}

Flow run_literal(State& state, const program::LiteralNode& node) {
  PERCH_TRY_ASSIGN(op::Value value, value_of(state, node.value));
  if (node.value.plain())
    value = typed_value(std::move(value).text(), node.type);
  state.slots->set(node.capture, std::move(value));
  return {};
}

Flow dispatch(State& state, const Node& node) {
  using Trim = MemoryOutlet::Trim;
  switch (node.kind) {
  case NodeKind::Op:
    return run_op_statement(state, static_cast<const program::OpNode&>(node));
  case NodeKind::Exec:
    return run_writing(state, node, Trim::AllNewlines, [&] {
      return run_exec(state, static_cast<const program::ExecNode&>(node));
    });
  case NodeKind::CommandCall:
    return run_writing(state, node, Trim::AllNewlines, [&] {
      return run_command_call(state, static_cast<const program::CommandCallNode&>(node));
    });
  case NodeKind::Chain:
    return run_writing(state, node, Trim::AllNewlines, [&] {
      return run_chain(state, static_cast<const program::ChainNode&>(node));
    });
  case NodeKind::Pipe:
    return run_writing(state, node, Trim::AllNewlines, [&] {
      return run_pipe(state, static_cast<const program::PipeNode&>(node));
    });
  case NodeKind::WasmRun:
    return run_writing(state, node, Trim::OneNewline, [&] {
      return run_wasm(state, static_cast<const program::WasmRunNode&>(node));
    });
  case NodeKind::Literal:
    return run_literal(state, static_cast<const program::LiteralNode&>(node));
  case NodeKind::Rethrow:
    return run_rethrow(state);
  case NodeKind::Scope:
    return run_scope(state, static_cast<const program::ScopeNode&>(node));
  case NodeKind::If:
    return run_if(state, static_cast<const program::IfNode&>(node));
  case NodeKind::ForEach:
    return run_for_each(state, static_cast<const program::ForEachNode&>(node));
  case NodeKind::Match:
    return run_match(state, static_cast<const program::MatchNode&>(node));
  case NodeKind::Try:
    return run_try(state, static_cast<const program::TryNode&>(node));
  case NodeKind::Platform:
    return run_platform(state, static_cast<const program::PlatformNode&>(node));
  case NodeKind::Parallel:
    return run_parallel(state, static_cast<const program::ParallelNode&>(node));
  case NodeKind::Timeout:
    return run_timeout(state, static_cast<const program::TimeoutNode&>(node));
  case NodeKind::Retry:
    return run_retry(state, static_cast<const program::RetryNode&>(node));
  case NodeKind::WithEnv:
    return run_with_env(state, static_cast<const program::WithEnvNode&>(node));
  case NodeKind::WithCwd:
    return run_with_cwd(state, static_cast<const program::WithCwdNode&>(node));
  case NodeKind::Sandbox:
    return run_sandbox(state, static_cast<const program::SandboxNode&>(node));
  case NodeKind::Cache:
    return run_cache(state, static_cast<const program::CacheNode&>(node));
  }
  return {};
}

} // namespace

Flow run_node(State& state, const Node& node) {
  const Restoring<const Node*> at(state.node, &node);
  const Restoring<const program::Module*> in(state.module, node.module);
  if (state.cancel->stopped() != sys::StopReason::None)
    return raise(state, state.cancel->check().error());
  return told(state, node, dispatch(state, node));
}

Flow run_body(State& state, program::Body body) {
  const Restoring<int> deeper(state.nesting, state.nesting + 1);
  if (state.nesting > kDeepestNesting) {
    return raise(state, {.kind = kind::kRecursionLimit,
                         .message = base::cat("blocks nest more than ", kDeepestNesting, " deep")});
  }
  for (const Node* node : body)
    PERCH_TRY(run_node(state, *node));
  return {};
}

} // namespace perch::run
