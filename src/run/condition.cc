#include "run/condition.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/version.h"
#include "run/exec.h"
#include "run/expr.h"
#include "run/op_call.h"

#include <algorithm>
#include <compare>

namespace perch::run {

namespace {

using lang::CompareOp;
using program::Cond;

bool decide(CompareOp op, std::partial_ordering order) {
  switch (op) {
  case CompareOp::Eq:
    return order == 0;
  case CompareOp::Ne:
    return order != 0;
  case CompareOp::Lt:
    return order < 0;
  case CompareOp::Le:
    return order <= 0;
  case CompareOp::Gt:
    return order > 0;
  case CompareOp::Ge:
    return order >= 0;
  }
  return false;
}

/// `1.2.3` and `v2` can be nothing else; `1.2` is a number unless it stands against one of those.
bool only_a_version(std::string_view text) {
  return std::ranges::count(text, '.') >= 2 || text.starts_with('v') || text.starts_with('V');
}

std::optional<std::partial_ordering> order_of(std::string_view a, std::string_view b) {
  if (only_a_version(a) || only_a_version(b)) {
    const auto left = op::parse_version(a), right = op::parse_version(b);
    if (left && right)
      return op::compare(*left, *right);
    return std::nullopt;
  }
  const auto left_int = base::parse_int(a), right_int = base::parse_int(b);
  if (left_int && right_int)
    return *left_int <=> *right_int;
  const auto left = base::parse_float(a), right = base::parse_float(b);
  if (left && right)
    return *left <=> *right;
  return std::nullopt;
}

Eval<bool> compares(State& state, const Cond& cond) {
  PERCH_TRY_ASSIGN(const std::string a, text_or_empty(state, cond.a));
  PERCH_TRY_ASSIGN(const std::string b, text_or_empty(state, cond.b));
  if (const auto result = compare(cond.op, a, b))
    return *result;
  return raise(state, cond.span,
               {.kind = kind::kBadArgument,
                .message = base::cat("`", a, "` and `", b,
                                     "` have no order: they are neither two "
                                     "numbers nor two versions"),
                .help = "texts can be compared with == and !="});
}

/// A program answers with its status. Anything else that goes wrong is no answer.
Eval<bool> succeeds(State& state, const program::ExecNode& node) {
  const Restoring<const program::Node*> at(state.node, &node);
  Flow ran = run_exec(state, node);
  if (ran)
    return true;
  if (ran.error()->error.kind == kind::kShellExitNonzero && !unwinds(state, *ran.error()))
    return false;
  return std::unexpected(std::move(ran).error());
}

} // namespace

std::optional<bool> compare(CompareOp op, std::string_view a, std::string_view b) {
  if (op == CompareOp::Eq)
    return a == b;
  if (op == CompareOp::Ne)
    return a != b;
  const auto order = order_of(a, b);
  if (!order)
    return std::nullopt;
  return decide(op, *order);
}

Eval<bool> holds(State& state, const Cond& cond) {
  switch (cond.kind) {
  case Cond::Kind::Or: {
    PERCH_TRY_ASSIGN(const bool left, holds(state, *cond.left));
    return left ? Eval<bool>(true) : holds(state, *cond.right);
  }
  case Cond::Kind::And: {
    PERCH_TRY_ASSIGN(const bool left, holds(state, *cond.left));
    return left ? holds(state, *cond.right) : Eval<bool>(false);
  }
  case Cond::Kind::Not: {
    PERCH_TRY_ASSIGN(const bool inner, holds(state, *cond.left));
    return !inner;
  }
  case Cond::Kind::Value: {
    PERCH_TRY_ASSIGN(std::string text, text_or_empty(state, cond.a));
    return op::Value(std::move(text)).truthy();
  }
  case Cond::Kind::Compare:
    return compares(state, cond);
  case Cond::Kind::Call: {
    if (cond.call->kind == program::NodeKind::Exec)
      return succeeds(state, static_cast<const program::ExecNode&>(*cond.call));
    PERCH_TRY_ASSIGN(const op::Value value,
                     run_op(state, static_cast<const program::OpNode&>(*cond.call)));
    return value.truthy();
  }
  }
  return false;
}

} // namespace perch::run
