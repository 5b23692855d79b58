#include "program/parts.h"

#include <initializer_list>

namespace perch::program {

namespace {

using Errors = Parts::Errors;

void maybe(const Expr* optional, Parts& parts) {
  if (optional != nullptr)
    parts.expr(*optional);
}

void all(std::span<const Expr> exprs, Parts& parts) {
  for (const Expr& each : exprs)
    parts.expr(each);
}

void condition(const Cond& cond, Parts& parts) {
  parts.expr(cond.a);
  parts.expr(cond.b);
  for (const Cond* side : {cond.left, cond.right}) {
    if (side != nullptr)
      condition(*side, parts);
  }
  if (cond.call != nullptr)
    parts.call(*cond.call);
}

void guest(const WasmRunNode& node, Parts& parts) {
  parts.expr(node.path);
  all(node.args, parts);
  all(node.env, parts);
  for (const WasmMount& mount : node.mounts) {
    parts.expr(mount.host);
    maybe(mount.guest, parts);
  }
  all(node.hosts, parts);
  for (const Expr* each : {node.input, node.memory, node.fuel, node.hash})
    maybe(each, parts);
}

/// Statements without a body of their own.
bool simple(const Node& node, Parts& parts) {
  if (node.kind == NodeKind::Op) {
    const auto& op = static_cast<const OpNode&>(node);
    for (const Expr* param : op.params)
      maybe(param, parts);
    all(op.rest, parts);
  } else if (node.kind == NodeKind::Exec) {
    const auto& exec = static_cast<const ExecNode&>(node);
    parts.expr(exec.head);
    all(exec.args, parts);
  } else if (node.kind == NodeKind::CommandCall) {
    all(static_cast<const CommandCallNode&>(node).args, parts);
  } else if (node.kind == NodeKind::Literal) {
    parts.expr(static_cast<const LiteralNode&>(node).value);
  } else if (node.kind == NodeKind::WasmRun) {
    guest(static_cast<const WasmRunNode&>(node), parts);
  } else {
    return node.kind == NodeKind::Rethrow;
  }
  return true;
}

/// Blocks that choose what runs.
bool choice(const Node& node, Parts& parts) {
  if (node.kind == NodeKind::If) {
    for (const IfNode::Branch& branch : static_cast<const IfNode&>(node).branches) {
      if (branch.cond != nullptr)
        condition(*branch.cond, parts);
      parts.body(branch.body, Errors::Leave);
    }
  } else if (node.kind == NodeKind::Match) {
    const auto& match = static_cast<const MatchNode&>(node);
    parts.expr(match.subject);
    for (const MatchNode::Case& arm : match.cases) {
      maybe(arm.value, parts);
      parts.body(arm.body, Errors::Leave);
    }
  } else if (node.kind == NodeKind::Try) {
    const auto& part = static_cast<const TryNode&>(node);
    parts.body(part.body, part.has_rescue ? Errors::Rescued : Errors::Leave);
    parts.body(part.rescue, Errors::Leave);
    parts.body(part.finally, Errors::Leave);
  } else if (node.kind == NodeKind::Chain) {
    for (const ChainNode::Link& link : static_cast<const ChainNode&>(node).links)
      parts.body(Body(&link.node, 1), Errors::Leave);
  } else {
    return false;
  }
  return true;
}

/// A head's words, then the body.
void block(std::initializer_list<const Expr*> head, Body body, Parts& parts) {
  for (const Expr* word : head)
    maybe(word, parts);
  parts.body(body, Errors::Leave);
}

/// Blocks that change how their body runs.
void context(const Node& node, Parts& parts) {
  if (node.kind == NodeKind::Scope) {
    const auto& scope = static_cast<const ScopeNode&>(node);
    for (const ScopeNode::Bind& bind : scope.binds)
      parts.expr(bind.value);
    block({}, scope.body, parts);
  } else if (node.kind == NodeKind::ForEach) {
    const auto& part = static_cast<const ForEachNode&>(node);
    block({&part.source}, part.body, parts);
  } else if (node.kind == NodeKind::Platform) {
    const auto& part = static_cast<const PlatformNode&>(node);
    block({&part.value}, part.body, parts);
  } else if (node.kind == NodeKind::Pipe) {
    block({}, static_cast<const PipeNode&>(node).stages, parts);
  } else if (node.kind == NodeKind::Parallel) {
    const auto& part = static_cast<const ParallelNode&>(node);
    block({part.max, part.fail_fast}, part.branches, parts);
  } else if (node.kind == NodeKind::Timeout) {
    const auto& part = static_cast<const TimeoutNode&>(node);
    block({&part.duration}, part.body, parts);
  } else if (node.kind == NodeKind::Retry) {
    const auto& part = static_cast<const RetryNode&>(node);
    block({part.attempts, part.backoff, part.base, part.max_delay, part.jitter, part.on}, part.body,
          parts);
  } else if (node.kind == NodeKind::WithEnv) {
    const auto& part = static_cast<const WithEnvNode&>(node);
    all(part.pairs, parts);
    block({}, part.body, parts);
  } else if (node.kind == NodeKind::WithCwd) {
    const auto& part = static_cast<const WithCwdNode&>(node);
    block({&part.path}, part.body, parts);
  } else if (node.kind == NodeKind::Sandbox) {
    const auto& part = static_cast<const SandboxNode&>(node);
    all(part.flags, parts);
    block({}, part.body, parts);
  } else if (node.kind == NodeKind::Cache) {
    const auto& part = static_cast<const CacheNode&>(node);
    block({&part.key, &part.ttl}, part.body, parts);
  }
}

} // namespace

void parts_of(const Node& node, Parts& parts) {
  if (!simple(node, parts) && !choice(node, parts))
    context(node, parts);
}

} // namespace perch::program
