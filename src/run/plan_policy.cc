// Plans: what the policy will refuse, as far as that can be told before the run.

#include "base/text.h"
#include "policy/urls.h"
#include "run/expr.h"
#include "run/gate_exec.h"
#include "run/gate_guest.h"
#include "run/gate_net.h"
#include "run/nodes.h"
#include "run/op_call.h"
#include "run/outcome.h"
#include "run/planner.h"
#include "run/shared_run.h"
#include "sys/fs.h"

#include <utility>

namespace perch::run {

namespace {

using base::cat;
using op::Cap;
using program::Cond;
using program::Expr;
using program::Node;
using program::NodeKind;

} // namespace

/// Notes a refusal; anything else that stands in the way is for the run to find out.
void Planner::note_refusal(const Status& asked) {
  if (!asked && refusal_.empty() && was_denied(asked.error()))
    refusal_ = cat(asked.error().message, "; ", asked.error().note);
}

/// What was refused is said beside the line that asked for it.
void Planner::note_on(PlanStep& line) {
  if (const std::string refused = std::exchange(refusal_, {}); !refused.empty())
    line.note = cat("refused: ", refused);
}

/// The steps behind it run in `path`, if that is known. A directory that is not there yet may be
/// made by the run.
void Planner::enter(std::string_view by, const Expr& path) {
  const auto known = value(path);
  directory_known_ =
      known && !known->text().empty() && (directory_known_ || known->text().starts_with('/'));
  if (!directory_known_)
    return;
  auto entered = enter_directory(state_, {.name = by}, known->text());
  if (entered) {
    state_.directory = std::move(*entered);
    return;
  }
  note_refusal(std::unexpected(std::move(entered).error()));
  state_.directory = sys::absolute_path(state_.directory, known->text());
}

Status Planner::ask_about(const program::WasmMount& mount) {
  const auto host = value(mount.host);
  if (!host || host->text().empty() || !(directory_known_ || host->text().starts_with('/')))
    return {};
  PERCH_TRY(run::mount(state_.run.gate(), state_.scope(), {.name = "wasm_run"}, host->text(), "/",
                       mount.writable));
  return {};
}

Status Planner::ask_about_variables(const Expr& names) {
  const auto list = value(names);
  if (!list)
    return {};
  const std::string text = list->text();
  for (const std::string_view name : base::split(text, ',')) {
    PERCH_TRY(
        guest_variable(state_.run.gate(), state_.scope(), {.name = "wasm_run"}, base::trim(name)));
  }
  return {};
}

void Planner::foresee(const Node& node) {
  if (node.kind == NodeKind::Exec) {
    const auto& exec = static_cast<const program::ExecNode&>(node);
    if (const auto head = value(exec.head))
      note_refusal(
          ask_for_program(state_.run.gate(), state_.scope(), {.name = "exec"}, head->text()));
  } else if (node.kind == NodeKind::Op) {
    const auto& op = static_cast<const program::OpNode&>(node);
    for (const op::Need& need : op.op->requests())
      foresee(op, need);
  }
}

void Planner::foresee(const Cond& cond) {
  if (cond.call != nullptr)
    foresee(*cond.call);
  if (cond.left != nullptr)
    foresee(*cond.left);
  // The right side of `and` and `or` may not be asked for.
}

void Planner::foresee(const program::OpNode& node, const op::Need& need) {
  const Actor actor = Actor::of(*node.op);
  const Gate& gate = state_.run.gate();
  const int index = node.op->index_of(need.subject);
  if (index < 0) {
    if (need.cap == Cap::Net)
      note_refusal(gate.ask(state_.scope(), actor, {.cap = Cap::Net, .subject = ""}));
    return;
  }
  const auto at = static_cast<std::size_t>(index);
  const Expr* word = at < node.params.size() ? node.params[at] : nullptr;
  const auto subject = word == nullptr ? std::nullopt : value(*word);
  if (!subject || subject->text().empty())
    return;
  note_refusal(ask_about(need, actor, subject->text()));
}

Status Planner::ask_about(const op::Need& need, Actor actor, std::string_view subject) {
  const Gate& gate = state_.run.gate();
  const Scope scope = state_.scope();
  const bool placed_here = directory_known_ || subject.starts_with('/');
  switch (need.cap) {
  case Cap::Exec:
    return need.shell ? ask_for_shell_text(gate, scope, actor, subject)
                      : ask_for_program(gate, scope, actor, subject);
  case Cap::Read:
    if (placed_here && need.subject != "pattern")
      PERCH_TRY(gate.read_spot(scope, actor, subject, sys::Final::NoFollow));
    return {};
  case Cap::Write:
    if (placed_here)
      PERCH_TRY(gate.write_spot(scope, actor, subject, sys::Final::NoFollow));
    return {};
  case Cap::Net: {
    if (need.subject != "url")
      return may_reach(gate, scope, actor, subject, 0);
    const auto url = policy::parse_url(subject);
    return url ? may_reach(gate, scope, actor, url->host, url->port) : Status();
  }
  case Cap::None:
  case Cap::Env: // variables are looked at for the plan itself
  case Cap::Wasm:
    return {};
  }
  return {};
}

/// The body of a sandbox is planned under it, where its flags are known.
void Planner::sandbox(const program::SandboxNode& node, Steps& out) {
  const Restoring<const policy::Policy*> outer(state_.policy, state_.policy);
  policy::Policy inner;
  std::vector<std::string> flags;
  bool known = true;
  std::string refused;
  for (const Expr& flag : node.flags)
    known = known && certain(flag);
  if (known && append_words(state_, node.flags, flags)) {
    if (auto made = sandboxed(state_, node, flags)) {
      inner = std::move(*made);
      state_.policy = &inner;
    } else {
      refused = made.error()->error.message;
    }
  }
  context(node, cat("sandbox", words(node.flags)), node.body, out);
  problem_ = std::move(refused);
}

} // namespace perch::run
