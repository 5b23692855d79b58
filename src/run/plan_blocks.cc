// Plans: blocks. A body that may not run, or may run again, makes what it assigns unknown.

#include "base/text.h"
#include "program/walk.h"
#include "run/gate_guest.h"
#include "run/nodes.h"
#include "run/planner.h"
#include "run/shared_run.h"

#include <algorithm>
#include <utility>

namespace perch::run {

namespace {

using base::cat;
using op::Value;
using program::Node;
using program::NodeKind;

constexpr std::string_view kNotTaken = "not taken";

} // namespace

void Planner::forget_assigned(program::Body nodes) {
  const auto forget = [&](const Node& node) {
    frame_->set(node.capture, std::nullopt);
    if (node.kind == NodeKind::Op && static_cast<const program::OpNode&>(node).op->name == "cd")
      directory_known_ = false;
    if (node.kind == NodeKind::ForEach)
      frame_->set(static_cast<const program::ForEachNode&>(node).variable, std::nullopt);
    if (node.kind == NodeKind::Scope) {
      for (const Slot local : static_cast<const program::ScopeNode&>(node).locals)
        frame_->set(local, std::nullopt);
    }
  };
  for (const Node* node : nodes)
    program::each_node(*node, forget);
}

void Planner::uncertain(program::Body nodes, Runs runs, Steps& out) {
  if (runs == Runs::Repeatedly)
    forget_assigned(nodes);
  body(nodes, out);
  forget_assigned(nodes);
}

/// A block whose body runs as it stands.
void Planner::context(const Node& node, std::string text, program::Body nodes, Steps& out) {
  PlanStep step{.kind = statement_name(node),
                .span = node.span,
                .text = std::move(text),
                .note = {},
                .body = {}};
  body(nodes, step.body);
  out.push_back(std::move(step));
}

void Planner::block(const Node& node, Steps& out) {
  switch (node.kind) {
  case NodeKind::Scope:
    return scope(static_cast<const program::ScopeNode&>(node), out);
  case NodeKind::If:
    return if_block(static_cast<const program::IfNode&>(node), out);
  case NodeKind::ForEach:
    return for_each(static_cast<const program::ForEachNode&>(node), out);
  case NodeKind::Match:
    return match(static_cast<const program::MatchNode&>(node), out);
  case NodeKind::Try:
    return try_block(static_cast<const program::TryNode&>(node), out);
  case NodeKind::Platform:
    return platform(static_cast<const program::PlatformNode&>(node), out);
  case NodeKind::Parallel:
    return parallel(static_cast<const program::ParallelNode&>(node), out);
  case NodeKind::WithEnv:
    return with_env(static_cast<const program::WithEnvNode&>(node), out);
  case NodeKind::WasmRun:
    return guest(static_cast<const program::WasmRunNode&>(node), out);
  case NodeKind::Pipe: {
    add(out, node, "pipe", "pipe");
    Steps stages;
    body(static_cast<const program::PipeNode&>(node).stages, stages);
    out.back().body = std::move(stages);
    return frame_->set(node.capture, std::nullopt);
  }
  case NodeKind::Timeout: {
    const auto& part = static_cast<const program::TimeoutNode&>(node);
    return context(node, cat("timeout ", word(part.duration)), part.body, out);
  }
  case NodeKind::Retry: {
    const auto& part = static_cast<const program::RetryNode&>(node);
    return context(node,
                   cat("retry", option("attempts", part.attempts), option("backoff", part.backoff),
                       option("base", part.base), option("max_delay", part.max_delay),
                       option("jitter", part.jitter), option("on", part.on)),
                   part.body, out);
  }
  case NodeKind::WithCwd:
    return with_cwd(static_cast<const program::WithCwdNode&>(node), out);
  case NodeKind::Sandbox:
    return sandbox(static_cast<const program::SandboxNode&>(node), out);
  case NodeKind::Cache: {
    const auto& part = static_cast<const program::CacheNode&>(node);
    context(node, cat("cache ", word(part.key), ' ', word(part.ttl)), part.body, out);
    out.back().note = "skipped when it is stored";
    return forget_assigned(part.body);
  }
  case NodeKind::Op:
  case NodeKind::Exec:
  case NodeKind::CommandCall:
  case NodeKind::Chain:
  case NodeKind::Literal:
  case NodeKind::Rethrow:
    return;
  }
}

void Planner::scope(const program::ScopeNode& node, Steps& out) {
  std::string text(node.use->name);
  std::vector<std::optional<Value>> values;
  for (const auto& bind : node.binds) {
    const bool secret = is_secret_bind(bind);
    values.push_back(value(bind.value));
    if (values.back() && secret)
      state_.run.secrets().add(*values.back());
    text += cat(' ', bind.name, '=', word(bind.value, secret ? Hidden::All : Hidden::Nothing));
  }
  for (const Slot local : node.locals) {
    state_.slots->clear(local);
    frame_->unknown[static_cast<std::size_t>(local)] = false;
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    frame_->set(node.binds[i].slot, std::move(values[i]));
  PlanStep step{
      .kind = "template", .span = node.use->call, .text = std::move(text), .note = {}, .body = {}};
  body(node.body, step.body);
  out.push_back(std::move(step));
}

void Planner::if_block(const program::IfNode& node, Steps& out) {
  bool all_false = true; // so far, and certainly
  for (const auto& branch : node.branches) {
    const bool first = &branch == node.branches.data();
    const auto truth = branch.cond == nullptr ? std::optional(true) : decided(*branch.cond);
    std::string text =
        branch.cond == nullptr ? "else" : cat(first ? "if " : "else if ", condition(*branch.cond));
    PlanStep step{.kind = "if",
                  .span = branch.cond == nullptr ? node.span : branch.cond->span,
                  .text = std::move(text),
                  .note = {},
                  .body = {}};
    if (truth == false) {
      step.note = kNotTaken;
      out.push_back(std::move(step));
      continue;
    }
    if (branch.cond != nullptr && all_false) {
      foresee(*branch.cond);
      if (const std::string refused = std::exchange(refusal_, {}); !refused.empty())
        step.note = state_.run.secrets().mask(cat("refused: ", refused));
    }
    const bool certainly = all_false && truth == true;
    // What one branch assigns is unknown in the next, too; that only shows less than is known.
    if (certainly)
      body(branch.body, step.body);
    else
      uncertain(branch.body, Runs::Perhaps, step.body);
    out.push_back(std::move(step));
    if (truth == true)
      return;
    all_false = false;
  }
}

void Planner::for_each(const program::ForEachNode& node, Steps& out) {
  const Hidden hidden = is_secret_name(node.variable_name) ? Hidden::All : Hidden::Nothing;
  PlanStep step{.kind = "for_each",
                .span = node.span,
                .text = cat("for_each ", node.variable_name, " in ", word(node.source, hidden)),
                .note = {},
                .body = {}};
  const auto source = value(node.source);
  std::vector<std::string> lines;
  if (source) {
    (void)each_loop_line(*source, [&](std::string_view line) -> Flow {
      lines.emplace_back(line);
      return {};
    });
  }
  if (source && lines.empty()) {
    step.note = "no lines: not run";
  } else if (lines.size() == 1) {
    frame_->set(node.variable, Value(lines.front()));
    body(node.body, step.body);
  } else {
    if (source)
      step.note = cat(lines.size(), " times");
    frame_->set(node.variable, std::nullopt);
    uncertain(node.body, Runs::Repeatedly, step.body);
  }
  frame_->slots.clear(node.variable);
  out.push_back(std::move(step));
}

void Planner::match(const program::MatchNode& node, Steps& out) {
  PlanStep step{.kind = "match",
                .span = node.span,
                .text = cat("match ", word(node.subject)),
                .note = {},
                .body = {}};
  const auto subject = value(node.subject);
  bool decided = subject.has_value();
  const program::MatchNode::Case* chosen = nullptr;
  for (const auto& arm : node.cases) {
    if (arm.value == nullptr)
      continue;
    const auto wanted = value(*arm.value);
    decided = decided && wanted;
    if (decided && chosen == nullptr && wanted->text() == subject->text())
      chosen = &arm;
  }
  if (decided && chosen == nullptr) {
    const auto fallback = std::ranges::find(node.cases, nullptr, &program::MatchNode::Case::value);
    chosen = fallback == node.cases.end() ? nullptr : &*fallback;
  }
  for (const auto& arm : node.cases) {
    if (decided && &arm != chosen)
      continue;
    PlanStep each{.kind = "case",
                  .span = arm.span,
                  .text = arm.value == nullptr ? "else" : cat("case ", word(*arm.value)),
                  .note = {},
                  .body = {}};
    if (decided)
      body(arm.body, each.body);
    else
      uncertain(arm.body, Runs::Perhaps, each.body);
    step.body.push_back(std::move(each));
  }
  if (decided && chosen == nullptr)
    step.note = "no case fits";
  out.push_back(std::move(step));
}

void Planner::try_block(const program::TryNode& node, Steps& out) {
  context(node, "try", node.body, out);
  if (!node.rescue.empty()) {
    forget_assigned(node.body);
    for (const Slot slot : node.error_slots)
      frame_->set(slot, std::nullopt);
    PlanStep rescue{.kind = "rescue",
                    .span = node.span,
                    .text = "rescue",
                    .note = "only after an error",
                    .body = {}};
    uncertain(node.rescue, Runs::Perhaps, rescue.body);
    out.push_back(std::move(rescue));
  }
  if (node.has_finally) {
    PlanStep finally{
        .kind = "finally", .span = node.span, .text = "finally", .note = {}, .body = {}};
    body(node.finally, finally.body);
    out.push_back(std::move(finally));
  }
}

void Planner::platform(const program::PlatformNode& node, Steps& out) {
  const auto wanted = value(node.value);
  const std::string text = cat(statement_name(node), ' ', word(node.value));
  if (wanted && !fits_platform(node, wanted->text())) {
    add(out, node, statement_name(node), text).note = kNotTaken;
    return;
  }
  context(node, text, node.body, out);
}

/// Branches begin with what was known, and none of what they find out leaves them.
void Planner::parallel(const program::ParallelNode& node, Steps& out) {
  PlanStep step{.kind = "parallel",
                .span = node.span,
                .text =
                    cat("parallel", option("max", node.max), option("fail_fast", node.fail_fast)),
                .note = {},
                .body = {}};
  for (const Node* branch : node.branches) {
    PlanFrame copy(*frame_);
    const EnvOverlay env = state_.env;
    const Restoring<std::string> directory(state_.directory, std::string(state_.directory));
    const Restoring<bool> known(directory_known_, directory_known_);
    const Restoring<PlanFrame*> framed(frame_, &copy);
    const Restoring<Slots*> slots(state_.slots, &copy.slots);
    body({&branch, 1}, step.body);
    state_.env = env;
  }
  out.push_back(std::move(step));
}

void Planner::with_env(const program::WithEnvNode& node, Steps& out) {
  const EnvOverlay outer = state_.env;
  const Restoring<std::set<std::string_view>> unknown(unknown_env_, unknown_env_);
  EnvOverlay inner = outer;
  std::string refused, text = "with_env";
  for (const program::Expr& pair : node.pairs) {
    if (certain(pair)) {
      if (const Flow added = add_env_pairs(state_, pair, inner); !added)
        refused = added.error()->error.message;
    } else if (pair.pieces[0].kind == program::Piece::Kind::Text) {
      const std::string_view name = pair.pieces[0].text;
      // NOLINTNEXTLINE(clang-analyzer-cplusplus.Move): Restoring has put a copy in its place
      unknown_env_.insert(name.substr(0, name.find('=')));
    }
    text += cat(' ', environment_word(pair));
  }
  state_.env = inner;
  context(node, std::move(text), node.body, out);
  problem_ = std::move(refused);
  state_.env = outer.after(state_.env);
}

void Planner::with_cwd(const program::WithCwdNode& node, Steps& out) {
  const Restoring<std::string> directory(state_.directory, std::string(state_.directory));
  const Restoring<bool> known(directory_known_, directory_known_);
  enter("with_cwd", node.path);
  std::string refused = std::exchange(refusal_, {});
  context(node, cat("with_cwd ", word(node.path)), node.body, out);
  refusal_ = std::move(refused);
}

void Planner::guest(const program::WasmRunNode& node, Steps& out) {
  Steps lines;
  const auto line = [&](std::string_view keyword, const program::Expr& expr) {
    lines.push_back({.kind = keyword,
                     .span = expr.span,
                     .text = cat(keyword, ' ', word(expr)),
                     .note = {},
                     .body = {}});
  };
  const auto all = [&](std::string_view keyword, std::span<const program::Expr> exprs) {
    for (const program::Expr& expr : exprs)
      line(keyword, expr);
  };
  all("wasm_arg", node.args);
  for (const program::Expr& names : node.env) {
    line("wasm_env", names);
    note_refusal(ask_about_variables(names));
    note_on(lines.back());
  }
  for (const program::WasmMount& mount : node.mounts) {
    line(mount.writable ? "wasm_mount_write" : "wasm_mount_read", mount.host);
    if (mount.guest != nullptr)
      lines.back().text += cat(" at:", word(*mount.guest));
    note_refusal(ask_about(mount));
    note_on(lines.back());
  }
  all("wasm_allow_host", node.hosts);
  if (node.input != nullptr)
    line("wasm_stdin", *node.input);
  PlanStep& step = add(out, node, "wasm_run", written(node));
  step.body = std::move(lines);
  const std::string module = node.alias.empty() ? word(node.path) : std::string(node.alias);
  note_refusal(may_run_module(state_.run.gate(), state_.scope(), {.name = "wasm_run"}, module));
  frame_->set(node.capture, std::nullopt);
}

} // namespace perch::run
