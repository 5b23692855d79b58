#include "run/plan.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/arguments.h"
#include "run/call.h"
#include "run/exec.h"
#include "run/expr.h"
#include "run/op_call.h"
#include "run/planner.h"
#include "run/request.h"
#include "run/requirements.h"
#include "run/shared_run.h"

#include <algorithm>
#include <utility>

namespace perch::run {

namespace {

using base::cat;
using op::Value;
using program::Command;
using program::Node;
using program::NodeKind;

/// A plan longer than this helps nobody; commands that call others twice each would never end.
constexpr std::size_t kLongestPlan = 20'000;

std::string_view timing_word(program::Hook::Timing timing) {
  switch (timing) {
  case program::Hook::Timing::Before:
    return "before";
  case program::Hook::Timing::After:
    return "after";
  case program::Hook::Timing::OnError:
    return "on_error";
  }
  return "before";
}

bool captures_secret(const Node& node) {
  return node.capture >= 0 && is_secret_name(node.capture_name);
}

/// Requirements may hold placeholders with calls: those that act are not made for a plan.
bool can_be_checked(const program::Requires& declared, const Planner& planner) {
  const auto known = [&](const program::Expr* expr) {
    return expr == nullptr || planner.certain(*expr);
  };
  const auto root = [&](const program::Requirement& each) { return known(each.expr); };
  return std::ranges::all_of(declared.read, root) && std::ranges::all_of(declared.write, root) &&
         std::ranges::all_of(declared.bins, [&](const program::Bin* bin) {
           return known(bin->name_expr) && known(bin->hash_file);
         });
}

Flow check_requirements(State& state, const Command& command, policy::Policy& policy) {
  PERCH_TRY_ASSIGN(policy, with_requirements(state));
  const Restoring<const policy::Policy*> in_force(state.policy, &policy);
  PERCH_TRY(placed(state, command.span, check_platform(command)));
  return preflight(state, command);
}

} // namespace

PlanFrame::PlanFrame(const Command& command, SharedRun& run)
    : slots(command, run.secret_slots(command), &run.secrets()),
      unknown(static_cast<std::size_t>(command.slots)) {}

void PlanFrame::set(program::Slot slot, std::optional<Value> value) {
  if (slot < 0)
    return;
  unknown[static_cast<std::size_t>(slot)] = !value;
  if (value)
    slots.set(slot, *std::move(value));
  else
    slots.clear(slot);
}

PlanStep& Planner::add(Steps& out, const Node& node, std::string_view kind, std::string text) {
  if (node.capture >= 0)
    text = cat(node.capture_name, " = ", text);
  ++steps_;
  return out.emplace_back(
      PlanStep{.kind = kind, .span = node.span, .text = std::move(text), .note = {}, .body = {}});
}

bool Planner::full() { return steps_ >= kLongestPlan; }

void Planner::body(program::Body nodes, Steps& out) {
  for (const Node* node : nodes) {
    if (full()) {
      if (out.empty() || out.back().note != "the plan ends here: it is too long")
        out.push_back({.kind = "cut",
                       .span = node->span,
                       .text = "…",
                       .note = "the plan ends here: it is too long",
                       .body = {}});
      return;
    }
    const Restoring<const Node*> at(state_.node, node);
    const Restoring<const program::Module*> in(state_.module, node->module);
    problem_.clear();
    refusal_.clear();
    const std::size_t before = out.size();
    statement(*node, out);
    if (out.size() > before && out[before].note.empty())
      out[before].note = state_.run.secrets().mask(!refusal_.empty()   ? cat("refused: ", refusal_)
                                                   : !problem_.empty() ? cat("fails: ", problem_)
                                                                       : std::string());
    problem_.clear();
    refusal_.clear();
  }
}

void Planner::statement(const Node& node, Steps& out) {
  switch (node.kind) {
  case NodeKind::Op:
    return op(static_cast<const program::OpNode&>(node), out);
  case NodeKind::Exec:
    add(out, node, "exec", written(node));
    foresee(node);
    return frame_->set(node.capture, std::nullopt);
  case NodeKind::CommandCall:
    return call(static_cast<const program::CommandCallNode&>(node), out);
  case NodeKind::Chain:
    return chain(static_cast<const program::ChainNode&>(node), out);
  case NodeKind::Literal:
    return literal(static_cast<const program::LiteralNode&>(node), out);
  case NodeKind::Rethrow:
    add(out, node, "throw", "throw");
    return;
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
  case NodeKind::WasmRun:
    return block(node, out);
  }
}

void Planner::op(const program::OpNode& node, Steps& out) {
  std::string text = written(node);
  std::optional<Value> result;
  if (certain(node)) {
    if (auto made = run_op(state_, node))
      result = std::move(*made);
    else
      problem_ = made.error()->error.message;
  } else {
    foresee(node);
  }
  if (result && captures_secret(node)) {
    state_.run.secrets().add(*result);
    text = written(node); // which may hold what it makes
  }
  add(out, node, node.op->name, std::move(text));
  if (node.op->name == "cd" && node.params[0] != nullptr)
    enter("cd", *node.params[0]);
  frame_->set(node.capture, std::move(result));
}

void Planner::literal(const program::LiteralNode& node, Steps& out) {
  add(out, node, "literal",
      word(node.value, captures_secret(node) ? Hidden::All : Hidden::Nothing));
  std::optional<Value> known = value(node.value);
  if (known && node.value.plain())
    known = typed_value(std::move(*known).text(), node.type);
  frame_->set(node.capture, std::move(known));
}

void Planner::chain(const program::ChainNode& node, Steps& out) {
  std::string text, refusal;
  Steps calls;
  for (const auto& link : node.links) {
    constexpr std::string_view kSigns[] = {"", " && ", " || ", " ; "};
    text += cat(kSigns[static_cast<std::size_t>(link.before)], written(*link.node));
    if (link.node->kind == NodeKind::CommandCall)
      statement(*link.node, calls);
    else
      foresee(*link.node);
    if (refusal.empty())
      refusal = std::exchange(refusal_, {});
  }
  refusal_ = std::move(refusal);
  add(out, node, "chain", std::move(text)).body = std::move(calls);
  frame_->set(node.capture, std::nullopt);
}

void Planner::call(const program::CommandCallNode& node, Steps& out) {
  add(out, node, "command", written(node));
  open_call(node, out.back());
  frame_->set(node.capture, std::nullopt);
}

void Planner::open_call(const program::CommandCallNode& node, PlanStep& step) {
  if (open_.contains(node.command)) {
    step.note = "calls itself: not unfolded again";
    return;
  }
  const auto known = [&](const program::Expr& expr) { return certain(expr); };
  if (!std::ranges::all_of(node.args, known))
    return command(*node.command, nullptr, {}, step);
  auto words = evaluate_words(state_, node.args);
  if (!words) {
    problem_ = words.error()->error.message;
    return command(*node.command, nullptr, {}, step);
  }
  auto arguments = assign_words(*node.command, *words, state_.run.setting().own_flags);
  if (!arguments) {
    problem_ = arguments.error().error.message;
    return;
  }
  command(*node.command, &*arguments, {}, step);
}

void Planner::bind(const Command& command, CallArguments* arguments) {
  if (command.proxy_args) {
    frame_->set(command.proxy_slot,
                arguments == nullptr ? std::nullopt
                                     : std::optional(Value::list(std::move(arguments->proxied))));
    return;
  }
  for (std::size_t i = 0; i < command.args.size(); ++i) {
    const program::Arg& arg = command.args[i];
    std::optional<Value> known;
    if (arguments != nullptr && arguments->values[i]) {
      known = std::move(arguments->values[i]);
    } else if (arguments != nullptr && (arg.fallback == nullptr || certain(*arg.fallback))) {
      if (auto made = missing_argument(state_, arg))
        known = std::move(*made);
      else
        problem_ = made.error()->error.message;
    }
    if (known) {
      bind_argument(state_, arg, *std::move(known));
    } else {
      frame_->set(arg.slot, std::nullopt);
      frame_->set(arg.count_slot, std::nullopt);
    }
  }
}

/// The `env` lines and `dir` of a command, as steps of its body.
void Planner::configuration(const Command& command, Steps& out) {
  for (const program::EnvLine& line : command.env) {
    const bool secret = is_secret_name(line.name);
    if (const auto known = value(line.value)) {
      if (secret)
        state_.run.secrets().add(known->text());
      state_.env.set(line.name, known->text());
    } else {
      unknown_env_.insert(line.name);
    }
    out.push_back({.kind = "env",
                   .span = line.value.span,
                   .text = cat("env ", line.name, ' ',
                               word(line.value, secret ? Hidden::All : Hidden::Nothing)),
                   .note = {},
                   .body = {}});
  }
  if (command.dir == nullptr)
    return;
  out.push_back({.kind = "dir",
                 .span = command.dir->span,
                 .text = cat("dir ", word(*command.dir)),
                 .note = {},
                 .body = {}});
  enter("dir", *command.dir);
  note_on(out.back());
}

void Planner::command(const Command& command, CallArguments* arguments,
                      const std::vector<std::pair<std::string_view, std::string>>& variables,
                      PlanStep& into) {
  PlanFrame frame(command, state_.run);
  const EnvOverlay outer = state_.env;
  const Restoring<std::string> directory(state_.directory, std::string(state_.directory));
  const Restoring<bool> directory_known(directory_known_, directory_known_);
  {
    const Restoring<std::set<std::string_view>> unknown(unknown_env_, unknown_env_);
    const Restoring<PlanFrame*> framed(frame_, &frame);
    const Restoring<Slots*> slots(state_.slots, &frame.slots);
    const Restoring<const program::Module*> in(state_.module, command.module);
    open_.insert(&command);
    bind(command, arguments);
    for (const auto& [name, text] : variables) {
      const auto slot = std::ranges::find(command.slot_names, name);
      if (slot != command.slot_names.end())
        frame.set(static_cast<Slot>(slot - command.slot_names.begin()), Value(text));
    }
    configuration(command, into.body);
    if (!problem_.empty() && into.note.empty())
      into.note = state_.run.secrets().mask(cat("fails: ", problem_));
    body(command.body, into.body);
    open_.erase(&command);
  }
  state_.env = outer.after(state_.env);
}

Plan plan(const Setting& setting, const Request& request) {
  Plan made;
  auto arguments = request_arguments(setting.own_flags, request);
  if (!arguments) {
    made.refusal = invalid_request(std::move(arguments.error().error));
    return made;
  }
  SharedRun run(setting, request);
  MemoryOutlet out(kLargestCapture), err(kLargestCapture);
  State state = first_state(run, out, err);
  state.in = -1;
  state.terminal = false;
  state.in_hook = true; // handlers are part of the run
  Planner planner(state);
  const Command& command = *request.command;
  policy::Policy policy;
  if (can_be_checked(run.program().requirements, planner)) {
    if (Flow checked = check_requirements(state, command, policy); !checked)
      made.refusal = {.how = Outcome::How::Failed, .failure = std::move(*checked.error())};
    else
      state.policy = &policy;
  }
  PlanStep& root = made.steps.emplace_back(PlanStep{.kind = "command",
                                                    .span = command.span,
                                                    .text = cat("command ", command.name),
                                                    .note = {},
                                                    .body = {}});
  for (const program::Hook& hook : run.program().hooks) {
    root.body.push_back(
        {.kind = "hook",
         .span = hook.span,
         .text = cat(timing_word(hook.timing), ' ', hook.target, ' ', hook.handler->name),
         .note = "its calls are not shown",
         .body = {}});
  }
  planner.command(command, &*arguments, caught_variable(request), root);
  return made;
}

} // namespace perch::run
