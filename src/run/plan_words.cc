// Plans: which values are certain before a run, and how statements are written with them.

#include "base/text.h"
#include "run/arguments.h"
#include "run/condition.h"
#include "run/expr.h"
#include "run/op_call.h"
#include "run/planner.h"
#include "run/shared_run.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using op::Value;
using program::Cond;
using program::Expr;
using program::Node;
using program::NodeKind;
using program::Piece;

std::string quoted(std::string_view text) { return cat('"', base::escape_quoted(text), '"'); }

/// Ops that only compute: they ask for nothing, print nothing and wait for nothing. Those of the
/// environment change the command's own overlay only.
bool computes(const op::OpDecl& op) {
  using op::Family;
  if (op.family == Family::Environment)
    return true;
  const bool acts = op.family == Family::Output || op.family == Family::Control ||
                    op.family == Family::Process || op.family == Family::Bundle;
  return !acts && op.requests().empty() && op.returns != op::Type::None;
}

/// Ops whose result depends on the current directory.
bool needs_directory(const op::OpDecl& op) { return op.name == "cwd" || op.name == "path_abs"; }

std::string_view compare_sign(lang::CompareOp op) {
  switch (op) {
  case lang::CompareOp::Eq:
    return "==";
  case lang::CompareOp::Ne:
    return "!=";
  case lang::CompareOp::Lt:
    return "<";
  case lang::CompareOp::Le:
    return "<=";
  case lang::CompareOp::Gt:
    return ">";
  case lang::CompareOp::Ge:
    return ">=";
  }
  return "==";
}

} // namespace

// ---- what is certain ---------------------------------------------------------------------------

bool Planner::certain(const Piece& piece) const {
  if (piece.kind == Piece::Kind::Text)
    return true;
  if (piece.kind == Piece::Kind::Call)
    return certain(*piece.call);
  const program::Name& name = piece.name;
  if (name.slot >= 0 && state_.slots != nullptr) {
    if (state_.slots->get(name.slot) != nullptr)
      return true;
    if (frame_->unknown[static_cast<std::size_t>(name.slot)])
      return false;
  }
  if (name.binding < 0)
    return !unknown_env_.contains(name.text);
  if (!bindings_.insert(name.binding).second)
    return true;
  const auto& binding = state_.run.program().bindings[static_cast<std::size_t>(name.binding)];
  const bool known = certain(binding.value);
  bindings_.erase(name.binding);
  return known;
}

bool Planner::certain(const Expr& expr) const {
  return std::ranges::all_of(expr.pieces, [&](const Piece& piece) { return certain(piece); });
}

bool Planner::certain(const program::OpNode& call) const {
  const auto known = [&](const Expr* expr) { return expr == nullptr || certain(*expr); };
  return computes(*call.op) && (directory_known_ || !needs_directory(*call.op)) &&
         std::ranges::all_of(call.params, known) &&
         std::ranges::all_of(call.rest, [&](const Expr& expr) { return certain(expr); });
}

bool Planner::certain(const Cond& cond) const {
  switch (cond.kind) {
  case Cond::Kind::Or:
  case Cond::Kind::And:
    return certain(*cond.left) && certain(*cond.right);
  case Cond::Kind::Not:
    return certain(*cond.left);
  case Cond::Kind::Value:
    return certain(cond.a);
  case Cond::Kind::Compare:
    return certain(cond.a) && certain(cond.b);
  case Cond::Kind::Call:
    return cond.call->kind == NodeKind::Op &&
           certain(static_cast<const program::OpNode&>(*cond.call));
  }
  return false;
}

std::optional<Value> Planner::value(const Expr& expr) {
  if (!certain(expr))
    return std::nullopt;
  auto made = value_of(state_, expr);
  if (made)
    return std::move(*made);
  problem_ = made.error()->error.message;
  return std::nullopt;
}

std::optional<bool> Planner::decided(const Cond& cond) {
  if (!certain(cond))
    return std::nullopt;
  const auto made = holds(state_, cond);
  if (made)
    return *made;
  problem_ = made.error()->error.message;
  return std::nullopt;
}

// ---- how it is written -------------------------------------------------------------------------

std::string Planner::piece_text(const Piece& piece) {
  if (piece.kind == Piece::Kind::Text)
    return base::escape_quoted(piece.text);
  const Expr alone{.span = {}, .text = {}, .pieces = {&piece, 1}};
  if (const auto known = value(alone))
    return base::escape_quoted(state_.run.secrets().mask(known->text()));
  if (piece.kind == Piece::Kind::Name)
    return cat("${", piece.name.text, '}');
  const program::OpNode& call = *piece.call;
  std::string args;
  for (const Expr* param : call.params) {
    if (param != nullptr)
      args += cat(args.empty() ? "" : ", ", word(*param));
  }
  for (const Expr& each : call.rest)
    args += cat(args.empty() ? "" : ", ", word(each));
  return cat("${", call.op->name, '(', args, ")}");
}

std::string Planner::word(const Expr& expr, Hidden hidden) {
  if (hidden != Hidden::Nothing)
    return hidden_word(expr, hidden);
  if (expr.plain()) {
    const std::string text = state_.run.secrets().mask(std::string(expr.text));
    return expr.quoted || text.empty() ? quoted(text) : text;
  }
  std::string text;
  for (const Piece& piece : expr.pieces)
    text += piece_text(piece);
  return cat('"', text, '"');
}

std::string Planner::words(std::span<const Expr> exprs) {
  std::string text;
  for (const Expr& expr : exprs) {
    const auto known = expr.spreads() ? value(expr) : std::nullopt;
    if (!known || !known->is_list()) {
      text += cat(' ', word(expr));
      continue;
    }
    for (const std::string& item : known->items())
      text += cat(' ', quoted(state_.run.secrets().mask(item)));
  }
  return text;
}

std::string Planner::option(std::string_view name, const Expr* expr) {
  return expr == nullptr ? std::string() : cat(' ', name, '=', word(*expr));
}

std::string Planner::call_text(const program::OpNode& call) {
  const Expr* secret = secret_param(call);
  if (const auto known = secret != nullptr ? value(*secret) : std::nullopt)
    state_.run.secrets().add(*known);
  std::string text(call.op->name);
  const auto params = call.op->parameters();
  for (std::size_t i = 0; i < call.params.size(); ++i) {
    if (call.params[i] == nullptr)
      continue;
    const bool named = params[i].arity == op::Arity::Named;
    const Hidden hidden = call.params[i] == secret ? Hidden::All : Hidden::Nothing;
    text +=
        cat(' ', named ? cat(params[i].name, ':') : std::string(), word(*call.params[i], hidden));
  }
  return text + words(call.rest);
}

std::string Planner::condition(const Cond& cond) {
  switch (cond.kind) {
  case Cond::Kind::Or:
    return cat(condition(*cond.left), " or ", condition(*cond.right));
  case Cond::Kind::And: {
    const auto side = [&](const Cond& each) {
      return each.kind == Cond::Kind::Or ? cat('(', condition(each), ')') : condition(each);
    };
    return cat(side(*cond.left), " and ", side(*cond.right));
  }
  case Cond::Kind::Not: {
    const bool group = cond.left->kind == Cond::Kind::Or || cond.left->kind == Cond::Kind::And;
    return group ? cat("not (", condition(*cond.left), ')') : cat("not ", condition(*cond.left));
  }
  case Cond::Kind::Value:
    return word(cond.a);
  case Cond::Kind::Compare:
    return cat(word(cond.a), ' ', compare_sign(cond.op), ' ', word(cond.b));
  case Cond::Kind::Call:
    return written(*cond.call);
  }
  return {};
}

/// A call as a clause of a chain or a stage of a pipe is written, without its capture.
std::string Planner::written(const Node& node) {
  switch (node.kind) {
  case NodeKind::Op:
    return call_text(static_cast<const program::OpNode&>(node));
  case NodeKind::CommandCall: {
    const auto& call = static_cast<const program::CommandCallNode&>(node);
    return cat(call.command->name, words_of_call(call));
  }
  case NodeKind::Exec: {
    const auto& exec = static_cast<const program::ExecNode&>(node);
    return cat(exec.written_exec ? "exec " : "", word(exec.head), words(exec.args));
  }
  case NodeKind::WasmRun: {
    const auto& guest = static_cast<const program::WasmRunNode&>(node);
    return cat("wasm_run ", guest.alias.empty() ? word(guest.path) : std::string(guest.alias));
  }
  case NodeKind::Chain:
  case NodeKind::Literal:
  case NodeKind::Rethrow:
  case NodeKind::Scope:
  case NodeKind::If:
  case NodeKind::ForEach:
  case NodeKind::Match:
  case NodeKind::Try:
  case NodeKind::Platform:
  case NodeKind::Pipe:
  case NodeKind::Parallel:
  case NodeKind::Timeout:
  case NodeKind::Retry:
  case NodeKind::WithEnv:
  case NodeKind::WithCwd:
  case NodeKind::Sandbox:
  case NodeKind::Cache:
    break;
  }
  return std::string(statement_name(node));
}

} // namespace perch::run
