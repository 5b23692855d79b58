#include "run/reach.h"

#include "base/text.h"
#include "run/nodes.h"

#include <algorithm>

namespace perch::run {

namespace {

using program::Body;
using program::Command;
using program::Cond;
using program::Expr;
using program::Node;
using program::NodeKind;

/// A block for another platform is not reached on this one.
bool is_elsewhere(const program::PlatformNode& node) {
  return node.value.plain() && !fits_platform(node, node.value.text);
}

/// The first word of a text, as far as it is written out; empty when a placeholder is part of it.
std::string_view first_word(const Expr& expr) {
  const bool starts_plain = expr.plain() || expr.pieces[0].kind == program::Piece::Kind::Text;
  if (!starts_plain)
    return {};
  std::string_view text = expr.plain() ? expr.text : expr.pieces[0].text;
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
  const auto end = text.find_first_of(" \t\n");
  if (end == text.npos && !expr.plain())
    return {};
  return text.substr(0, end);
}

class Walk {
public:
  Walk(const program::Program& program, Reach& reach) : program_(program), reach_(reach) {}

  void command(const Command& command);

private:
  void body(Body nodes) {
    for (const Node* each : nodes)
      node(*each);
  }
  void node(const Node& node);
  void block(const Node& node);
  void context(const Node& node);
  void op(const program::OpNode& node);
  void exec(const program::ExecNode& node);
  void guest(const program::WasmRunNode& node);
  void cond(const Cond& cond);
  void expr(const Expr& expr);
  void maybe(const Expr* optional) {
    if (optional != nullptr)
      expr(*optional);
  }
  void exprs(std::span<const Expr> all) {
    for (const Expr& each : all)
      expr(each);
  }
  void binding(std::int32_t index);

  const program::Program& program_;
  Reach& reach_;
  std::set<std::int32_t> bindings_;
};

void Walk::command(const Command& command) {
  if (!reach_.commands.insert(&command).second)
    return;
  reach_.modules.insert(command.module);
  for (const program::Arg& arg : command.args)
    maybe(arg.fallback);
  for (const program::EnvLine& line : command.env)
    expr(line.value);
  maybe(command.dir);
  if (command.on_signal != nullptr)
    this->command(*command.on_signal);
  body(command.body);
}

void Walk::binding(std::int32_t index) {
  if (index < 0 || !bindings_.insert(index).second)
    return;
  expr(program_.bindings[static_cast<std::size_t>(index)].value);
}

void Walk::expr(const Expr& expr) {
  for (const program::Piece& piece : expr.pieces) {
    if (piece.kind == program::Piece::Kind::Call) {
      op(*piece.call);
    } else if (piece.kind == program::Piece::Kind::Name) {
      binding(piece.name.binding);
      if (piece.name.slot < 0 && piece.name.binding < 0)
        reach_.variables.insert(piece.name.text);
    }
  }
}

/// An op that starts a program names it, more often than not, in its first word.
void Walk::op(const program::OpNode& node) {
  for (const Expr* param : node.params)
    maybe(param);
  exprs(node.rest);
  for (const op::Need& need : node.op->requests()) {
    const int subject = node.op->index_of(need.subject);
    const Expr* word = subject >= 0 && static_cast<std::size_t>(subject) < node.params.size()
                           ? node.params[static_cast<std::size_t>(subject)]
                           : nullptr;
    if (need.cap == op::Cap::Env && word != nullptr && word->plain())
      reach_.variables.insert(word->text);
    if (need.cap != op::Cap::Exec)
      continue;
    reach_.starts_programs = true;
    const std::string_view head = word != nullptr ? first_word(*word) : std::string_view();
    for (const program::Bin* bin : program_.requirements.bins) {
      if (!head.empty() && (bin->name == head || bin->alias == head))
        reach_.bins.insert(bin);
    }
  }
}

void Walk::exec(const program::ExecNode& node) {
  reach_.starts_programs = true;
  expr(node.head);
  exprs(node.args);
  if (node.bin != nullptr)
    reach_.bins.insert(node.bin);
}

void Walk::guest(const program::WasmRunNode& node) {
  expr(node.path);
  exprs(node.args);
  exprs(node.hosts);
  for (const Expr& names : node.env) {
    expr(names);
    if (!names.plain())
      continue;
    for (const std::string_view name : base::split(names.text, ','))
      reach_.variables.insert(base::trim(name));
  }
  for (const program::WasmMount& mount : node.mounts) {
    expr(mount.host);
    maybe(mount.guest);
  }
  for (const Expr* each : {node.input, node.memory, node.fuel, node.hash})
    maybe(each);
}

void Walk::cond(const Cond& cond) {
  expr(cond.a);
  expr(cond.b);
  for (const Cond* side : {cond.left, cond.right}) {
    if (side != nullptr)
      this->cond(*side);
  }
  if (cond.call != nullptr)
    node(*cond.call);
}

void Walk::node(const Node& node) {
  reach_.modules.insert(node.module);
  switch (node.kind) {
  case NodeKind::Op:
    return op(static_cast<const program::OpNode&>(node));
  case NodeKind::Exec:
    return exec(static_cast<const program::ExecNode&>(node));
  case NodeKind::CommandCall: {
    const auto& call = static_cast<const program::CommandCallNode&>(node);
    exprs(call.args);
    return command(*call.command);
  }
  case NodeKind::Chain:
    for (const auto& link : static_cast<const program::ChainNode&>(node).links)
      this->node(*link.node);
    return;
  case NodeKind::Literal:
    return expr(static_cast<const program::LiteralNode&>(node).value);
  case NodeKind::WasmRun:
    return guest(static_cast<const program::WasmRunNode&>(node));
  case NodeKind::Pipe:
    return body(static_cast<const program::PipeNode&>(node).stages);
  case NodeKind::Rethrow:
    return;
  case NodeKind::Scope:
  case NodeKind::If:
  case NodeKind::ForEach:
  case NodeKind::Match:
  case NodeKind::Try:
  case NodeKind::Platform:
  case NodeKind::Parallel:
  case NodeKind::Timeout:
  case NodeKind::Retry:
  case NodeKind::WithEnv:
  case NodeKind::WithCwd:
  case NodeKind::Sandbox:
  case NodeKind::Cache:
    return block(node);
  }
}

void Walk::block(const Node& node) {
  switch (node.kind) {
  case NodeKind::Scope: {
    const auto& scope = static_cast<const program::ScopeNode&>(node);
    for (const auto& bind : scope.binds)
      expr(bind.value);
    return body(scope.body);
  }
  case NodeKind::If:
    for (const auto& branch : static_cast<const program::IfNode&>(node).branches) {
      if (branch.cond != nullptr)
        cond(*branch.cond);
      body(branch.body);
    }
    return;
  case NodeKind::ForEach: {
    const auto& loop = static_cast<const program::ForEachNode&>(node);
    expr(loop.source);
    return body(loop.body);
  }
  case NodeKind::Match: {
    const auto& match = static_cast<const program::MatchNode&>(node);
    expr(match.subject);
    for (const auto& arm : match.cases) {
      maybe(arm.value);
      body(arm.body);
    }
    return;
  }
  case NodeKind::Try: {
    const auto& part = static_cast<const program::TryNode&>(node);
    body(part.body);
    body(part.rescue);
    return body(part.finally);
  }
  case NodeKind::Platform: {
    const auto& part = static_cast<const program::PlatformNode&>(node);
    expr(part.value);
    if (!is_elsewhere(part))
      body(part.body);
    return;
  }
  case NodeKind::Op:
  case NodeKind::Exec:
  case NodeKind::CommandCall:
  case NodeKind::Chain:
  case NodeKind::Literal:
  case NodeKind::Rethrow:
  case NodeKind::Pipe:
  case NodeKind::WasmRun:
  case NodeKind::Parallel:
  case NodeKind::Timeout:
  case NodeKind::Retry:
  case NodeKind::WithEnv:
  case NodeKind::WithCwd:
  case NodeKind::Sandbox:
  case NodeKind::Cache:
    return context(node);
  }
}

void Walk::context(const Node& node) {
  const auto in = [&](const auto& part, std::initializer_list<const Expr*> words) {
    for (const Expr* word : words)
      maybe(word);
    body(part.body);
  };
  if (node.kind == NodeKind::Parallel) {
    const auto& part = static_cast<const program::ParallelNode&>(node);
    maybe(part.max);
    maybe(part.fail_fast);
    body(part.branches);
  } else if (node.kind == NodeKind::Timeout) {
    const auto& part = static_cast<const program::TimeoutNode&>(node);
    in(part, {&part.duration});
  } else if (node.kind == NodeKind::Retry) {
    const auto& part = static_cast<const program::RetryNode&>(node);
    in(part, {part.attempts, part.backoff, part.base, part.max_delay, part.jitter, part.on});
  } else if (node.kind == NodeKind::WithEnv) {
    const auto& part = static_cast<const program::WithEnvNode&>(node);
    exprs(part.pairs);
    body(part.body);
  } else if (node.kind == NodeKind::WithCwd) {
    const auto& part = static_cast<const program::WithCwdNode&>(node);
    in(part, {&part.path});
  } else if (node.kind == NodeKind::Sandbox) {
    const auto& part = static_cast<const program::SandboxNode&>(node);
    exprs(part.flags);
    body(part.body);
  } else if (node.kind == NodeKind::Cache) {
    const auto& part = static_cast<const program::CacheNode&>(node);
    in(part, {&part.key, &part.ttl});
  }
}

} // namespace

Reach reach_of(const program::Program& program, const Command& command) {
  Reach reach;
  Walk walk(program, reach);
  walk.command(command);
  for (const program::Hook& hook : program.hooks)
    walk.command(*hook.handler);
  return reach;
}

} // namespace perch::run
