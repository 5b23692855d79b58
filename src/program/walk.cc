#include "program/walk.h"

namespace perch::program {

namespace {

using Visit = std::function<void(const Node&)>;

void each_in(Body body, const Visit& visit) {
  for (const Node* node : body)
    each_node(*node, visit);
}

void each_block(const Node& node, const Visit& visit) {
  switch (node.kind) {
  case NodeKind::Scope:
    return each_in(static_cast<const ScopeNode&>(node).body, visit);
  case NodeKind::ForEach:
    return each_in(static_cast<const ForEachNode&>(node).body, visit);
  case NodeKind::Platform:
    return each_in(static_cast<const PlatformNode&>(node).body, visit);
  case NodeKind::Pipe:
    return each_in(static_cast<const PipeNode&>(node).stages, visit);
  case NodeKind::Parallel:
    return each_in(static_cast<const ParallelNode&>(node).branches, visit);
  case NodeKind::Timeout:
    return each_in(static_cast<const TimeoutNode&>(node).body, visit);
  case NodeKind::Retry:
    return each_in(static_cast<const RetryNode&>(node).body, visit);
  case NodeKind::WithEnv:
    return each_in(static_cast<const WithEnvNode&>(node).body, visit);
  case NodeKind::WithCwd:
    return each_in(static_cast<const WithCwdNode&>(node).body, visit);
  case NodeKind::Sandbox:
    return each_in(static_cast<const SandboxNode&>(node).body, visit);
  case NodeKind::Cache:
    return each_in(static_cast<const CacheNode&>(node).body, visit);
  case NodeKind::Op:
  case NodeKind::Exec:
  case NodeKind::CommandCall:
  case NodeKind::Chain:
  case NodeKind::Literal:
  case NodeKind::Rethrow:
  case NodeKind::If:
  case NodeKind::Match:
  case NodeKind::Try:
  case NodeKind::WasmRun:
    return;
  }
}

std::optional<std::string> known(const Expr& expr, const Program& program, int depth);

std::optional<std::string> known_name(const Name& name, const Program& program, int depth) {
  if (name.slot >= 0 || depth > 32)
    return std::nullopt;
  if (name.binding >= 0) {
    return known(program.bindings[static_cast<std::size_t>(name.binding)].value, program,
                 depth + 1);
  }
  if (name.automatic == Automatic::ScriptDir)
    return program.root().directory;
  return std::nullopt;
}

std::optional<std::string> known(const Expr& expr, const Program& program, int depth) {
  if (expr.plain())
    return std::string(expr.text);
  std::string out;
  for (const Piece& piece : expr.pieces) {
    if (piece.kind == Piece::Kind::Text) {
      out += piece.text;
      continue;
    }
    if (piece.kind == Piece::Kind::Call)
      return std::nullopt;
    const std::optional<std::string> text = known_name(piece.name, program, depth);
    if (!text)
      return std::nullopt;
    out += *text;
  }
  return out;
}

} // namespace

void each_node(const Node& node, const Visit& visit) {
  visit(node);
  switch (node.kind) {
  case NodeKind::Chain:
    for (const ChainNode::Link& link : static_cast<const ChainNode&>(node).links) {
      each_node(*link.node, visit);
    }
    return;
  case NodeKind::If:
    for (const IfNode::Branch& branch : static_cast<const IfNode&>(node).branches) {
      each_in(branch.body, visit);
    }
    return;
  case NodeKind::Match:
    for (const MatchNode::Case& arm : static_cast<const MatchNode&>(node).cases) {
      each_in(arm.body, visit);
    }
    return;
  case NodeKind::Try: {
    const auto& t = static_cast<const TryNode&>(node);
    each_in(t.body, visit);
    each_in(t.rescue, visit);
    return each_in(t.finally, visit);
  }
  case NodeKind::Op:
  case NodeKind::Exec:
  case NodeKind::CommandCall:
  case NodeKind::Literal:
  case NodeKind::Rethrow:
  case NodeKind::Scope:
  case NodeKind::ForEach:
  case NodeKind::Platform:
  case NodeKind::Pipe:
  case NodeKind::Parallel:
  case NodeKind::Timeout:
  case NodeKind::Retry:
  case NodeKind::WithEnv:
  case NodeKind::WithCwd:
  case NodeKind::Sandbox:
  case NodeKind::Cache:
  case NodeKind::WasmRun:
    return each_block(node, visit);
  }
}

void each_node(const Program& program, const Visit& visit) {
  for (const Command* command : program.commands)
    each_in(command->body, visit);
  if (program.catch_command != nullptr)
    each_in(program.catch_command->body, visit);
}

std::optional<std::string> known_text(const Expr& expr, const Program& program) {
  return known(expr, program, 0);
}

} // namespace perch::program
