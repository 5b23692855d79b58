#include "run/call.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/cancelling.h"
#include "run/expr.h"
#include "run/nodes.h"
#include "run/op_call.h"
#include "run/shared_run.h"
#include "run/step.h"
#include "sys/world.h"

#include <algorithm>

namespace perch::run {

namespace {

using base::cat;
using program::Command;

Status check_one(std::span<const std::string_view> allowed, std::string_view here,
                 std::string_view what, const Command& command) {
  const bool fits =
      allowed.empty() || std::ranges::find(allowed, here) != allowed.end() ||
      (what == "OS" && here != "windows" && std::ranges::find(allowed, "unix") != allowed.end());
  if (fits)
    return {};
  std::string wanted;
  for (const std::string_view each : allowed)
    wanted += cat(wanted.empty() ? "" : " or ", each);
  return fail(kind::kRequirementUnmet,
              cat('`', command.name, "` needs the ", what, ' ', wanted, ", this is ", here),
              std::string(here));
}

Flow set_environment(State& callee, const Command& command) {
  for (const program::EnvLine& line : command.env) {
    PERCH_TRY_ASSIGN(const std::string value, text_of(callee, line.value));
    if (is_secret_name(line.name))
      callee.run.secrets().add(std::string_view(value));
    callee.env.set(line.name, value);
  }
  return {};
}

Flow set_directory(State& callee, const Command& command) {
  if (command.dir == nullptr)
    return {};
  PERCH_TRY_ASSIGN(const std::string path, text_of(callee, *command.dir));
  PERCH_TRY_ASSIGN(callee.directory, placed(callee, command.dir->span,
                                            enter_directory(callee, {.name = "dir"}, path)));
  return {};
}

/// A signal to perch has stopped everything: the command's handler gets its turn, once, in the
/// command's own scope and policy. Its failure does not replace what is being unwound.
void handle_signal(State& callee, const Command& command) {
  SharedRun& run = callee.run;
  if (command.on_signal == nullptr || run.request().cancel->stopped() != sys::StopReason::Signal ||
      !run.first_handling(*command.on_signal))
    return;
  const TokenScope grace(callee, run.grace_after_signal());
  CommandCall call{.command = *command.on_signal,
                   .arguments = {.values = {}, .proxied = {}},
                   .link = {.kind = CallLink::Kind::Signal,
                            .name = command.on_signal->name,
                            .site = command.span}};
  call.arguments.values.resize(command.on_signal->args.size());
  if (const Flow handled = call_command(callee, std::move(call)); !handled) {
    // NOLINTNEXTLINE(clang-analyzer-core.StackAddressEscape): the scope takes its link back
    run.say(cat("the on_signal handler `", command.on_signal->name,
                "` failed: ", handled.error()->error.message));
  }
}

Flow run_called(State& callee, CommandCall& call) {
  const Command& command = call.command;
  PERCH_TRY(placed(callee, command.span, check_platform(command)));
  PERCH_TRY(bind_arguments(callee, command, std::move(call.arguments)));
  for (auto& [name, value] : call.variables) {
    const auto slot = std::ranges::find(command.slot_names, name);
    if (slot != command.slot_names.end()) {
      callee.slots->set(static_cast<program::Slot>(slot - command.slot_names.begin()),
                        op::Value(std::move(value)));
    }
  }
  PERCH_TRY(set_environment(callee, command));
  PERCH_TRY(set_directory(callee, command));
  Flow result = run_body(callee, command.body);
  handle_signal(callee, command);
  return result;
}

/// The span of a call: of the template it stands in, at the place it was written.
StepInfo call_step(const State& callee, const CommandCall& call) {
  StepInfo info{.what = trace::What::Command, .kind = "command"};
  if (call.link.kind == CallLink::Kind::Hook)
    info.kind = "hook";
  else if (call.command.is_catch)
    info.kind = "catch";
  else if (call.link.kind == CallLink::Kind::Signal)
    info.kind = "on_signal";
  info.args = arguments_to_show(callee.run, call.command, call.arguments);
  info.args.insert(info.args.begin(), {.name = "name", .value = std::string(call.command.name)});
  info.at = call.link.site.known() ? call.link.site : call.command.span;
  if (call.link.from != nullptr)
    info.from_template = call.link.from->name;
  return info;
}

Flow run_watched(State& callee, CommandCall& call) {
  Step step(callee);
  PERCH_TRY(step.open(call_step(callee, call)));
  return step.close(run_called(callee, call));
}

} // namespace

Status check_platform(const Command& command) {
  PERCH_TRY(check_one(command.require_os, sys::os_name(), "OS", command));
  return check_one(command.require_arch, sys::arch_name(), "architecture", command);
}

Flow call_command(State& caller, CommandCall call) {
  if (caller.depth >= kDeepestCall) {
    return raise(caller,
                 {.kind = kind::kRecursionLimit,
                  .message = cat("commands call each other more than ", kDeepestCall, " deep"),
                  .detail = std::string(call.command.name)});
  }
  call.link.outer = caller.calls;
  const std::vector<bool>* secret = caller.run.secret_slots(call.command);
  if (secret != nullptr)
    note_secrets(caller.run, call.command, call.arguments);
  Slots slots(call.command, secret, &caller.run.secrets());
  State callee = caller;
  callee.slots = &slots;
  callee.node = nullptr;
  callee.module = call.command.module;
  callee.calls = &call.link;
  callee.evaluating = nullptr;
  callee.rescued = nullptr;
  callee.depth = caller.depth + 1;
  Flow result = watched(callee) ? run_watched(callee, call) : run_called(callee, call);
  caller.env = caller.env.after(callee.env);
  return result;
}

Flow run_command_call(State& state, const program::CommandCallNode& node) {
  PERCH_TRY_ASSIGN(const auto words, evaluate_words(state, node.args));
  auto arguments = assign_words(*node.command, words, state.run.setting().own_flags);
  if (!arguments) {
    const auto span = arguments.error().span;
    return raise(state, span.known() ? span : node.span, std::move(arguments.error().error));
  }
  return call_command(state,
                      {.command = *node.command,
                       .arguments = std::move(*arguments),
                       .link = {.name = node.command->name, .site = node.span, .from = node.from}});
}

} // namespace perch::run
