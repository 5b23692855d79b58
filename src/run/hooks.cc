#include "run/hooks.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/call.h"
#include "run/shared_run.h"

#include <algorithm>

namespace perch::run {

namespace {

using program::Hook;

bool concerns(const Hook& hook, const HookEvent& event) {
  if (hook.target == "any" || hook.target == event.op)
    return true;
  return std::ranges::any_of(
      event.needs, [&](const op::Need& need) { return op::cap_name(need.cap) == hook.target; });
}

std::string_view timing_name(Hook::Timing timing) {
  switch (timing) {
  case Hook::Timing::Before:
    return "before";
  case Hook::Timing::After:
    return "after";
  case Hook::Timing::OnError:
    return "on_error";
  }
  return "";
}

/// Runs one handler on a copy of the state: nothing of it stays, and what it does fires no hooks.
Flow run_handler(const State& state, const Hook& hook, const HookEvent& event, const Error* error) {
  State copy = state;
  copy.in_hook = true;
  CommandCall call{
      .command = *hook.handler,
      .arguments = {},
      .link = {.kind = CallLink::Kind::Hook, .name = hook.handler->name, .site = hook.span}};
  call.arguments.values.resize(hook.handler->args.size());
  call.variables = {{"hook.op", std::string(event.op)},
                    {"hook.target", event.target},
                    {"hook.timing", std::string(timing_name(hook.timing))},
                    {"hook.error", error != nullptr ? error->message : std::string()}};
  return call_command(copy, std::move(call));
}

/// A handler that fails forbids what it was asked about; `exit` and a stopped run stay what they
/// are.
Flow as_veto(const State& state, const Hook& hook, const HookEvent& event, Flow result) {
  if (result || unwinds(state, *result.error()))
    return result;
  Error& error = result.error()->error;
  const std::string what =
      event.target.empty() ? std::string(event.op) : base::cat(event.op, ' ', event.target);
  error.message =
      base::cat("before hook `", hook.handler->name, "` refused ", what, ": ", error.message);
  error.kind = kind::kHookVeto;
  error.detail = event.target;
  error.op = event.op;
  return result;
}

} // namespace

bool has_hooks(const State& state) { return !state.in_hook && !state.run.program().hooks.empty(); }

Flow before_hooks(State& state, const HookEvent& event) {
  for (const Hook& hook : state.run.program().hooks) {
    if (hook.timing == Hook::Timing::Before && concerns(hook, event))
      PERCH_TRY(as_veto(state, hook, event, run_handler(state, hook, event, nullptr)));
  }
  return {};
}

Flow after_hooks(State& state, const HookEvent& event, Flow result) {
  const bool failed = !result && !unwinds(state, *result.error());
  for (const Hook& hook : state.run.program().hooks) {
    if (!concerns(hook, event))
      continue;
    if (hook.timing == Hook::Timing::After) {
      const Error* error = failed ? &result.error()->error : nullptr;
      Flow after = run_handler(state, hook, event, error);
      if (!after && result)
        result = std::move(after);
    } else if (hook.timing == Hook::Timing::OnError && failed) {
      const Flow told = run_handler(state, hook, event, &result.error()->error);
      if (!told) {
        state.run.say(base::cat("the on_error hook `", hook.handler->name,
                                "` failed: ", told.error()->error.message));
      }
    }
  }
  return result;
}

} // namespace perch::run
