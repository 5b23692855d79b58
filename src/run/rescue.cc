// try, rescue, finally and bare `throw`.

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "run/cancelling.h"
#include "run/nodes.h"
#include "run/step.h"

namespace perch::run {

namespace {

using op::Value;
using program::TryNode;

/// What `err` and its fields are: the message, kind, message, code, op and detail.
std::array<Value, 6> error_values(const Error& error) {
  std::string code = error.code_name;
  if (code.empty() && error.code)
    code = base::cat(*error.code);
  return {Value(error.message), Value(std::string(error.kind)),
          Value(error.message), Value(std::move(code)),
          Value(error.op),      Value(error.detail)};
}

void bind_error(State& state, const TryNode& node, const Failure* failure) {
  std::array<Value, 6> values;
  if (failure != nullptr)
    values = error_values(failure->error);
  else
    values.fill(Value::omitted());
  for (std::size_t i = 0; i < values.size(); ++i)
    state.slots->set(node.error_slots[i], std::move(values[i]));
}

/// Runs the rescue body for `failure`. It handles the error, or its own replaces it.
Flow run_rescue(State& state, const TryNode& node, const Failure& failure) {
  bind_error(state, node, &failure);
  const Restoring<const Failure*> rescued(state.rescued, &failure);
  return stepped(
      state, "rescue", [&] { return StepArgs{{"kind", std::string(failure.error.kind)}}; },
      [&] { return run_body(state, node.rescue); });
}

/// Runs the finally body, `told` being the error it may look at, and returns what the whole ends
/// with: what fails in it replaces any other error, `exit` included, but what ends the run. Where
/// the scope has been stopped, the body gets a token of its own, or nothing in it could run; when
/// that runs out, what had stopped the scope stays the error.
Flow run_finally(State& state, const TryNode& node, const Failure* told, Flow result) {
  const bool real = told != nullptr && told->error.kind != op::kExitKind;
  bind_error(state, node, real ? told : nullptr);
  const auto token = cleanup_token(state);
  const bool own_token = token != state.cancel;
  const TokenScope cleaning(state, token);
  Flow cleaned = stepped(
      state, "finally", [] { return StepArgs(); }, [&] { return run_body(state, node.finally); });
  if (cleaned)
    return result;
  if (!result && ends_the_run(result.error()->error))
    return result;
  const bool ran_out = own_token && token->stopped() == sys::StopReason::Deadline;
  if (!ran_out || result)
    return cleaned;
  result.error()->error.note = base::cat("its `finally` was given up after ", kGrace.count(), "s");
  return result;
}

Flow run_parts(State& state, const TryNode& node) {
  Flow result = run_body(state, node.body);
  // What its prints came to belongs to it, not to what follows.
  if (auto flushed = state.out->flush(*state.cancel);
      !flushed && (result || !unwinds(state, *result.error())))
    result = raise(state, std::move(flushed).error());
  FailurePtr seen; // what `finally` is told of; the result itself unless it was rescued
  if (!result && !node.rescue.empty() && !unwinds(state, *result.error())) {
    seen = std::move(result).error();
    result = run_rescue(state, node, *seen);
  }
  // Where nothing can be told, nothing may run.
  const bool unaudited = !result && result.error()->error.kind == kind::kAuditFailed;
  if (!node.has_finally || unaudited)
    return result;
  const Failure* told = result ? seen.get() : result.error().get();
  return run_finally(state, node, told, std::move(result));
}

} // namespace

Flow run_try(State& state, const TryNode& node) {
  Flow result =
      stepped(state, "try", [] { return StepArgs(); }, [&] { return run_parts(state, node); });
  for (const program::Slot slot : node.error_slots)
    state.slots->clear(slot);
  return result;
}

Flow run_rethrow(State& state) {
  PERCH_ASSERT(state.rescued != nullptr); // the analyzer allows it in a rescue only
  return std::unexpected(std::make_unique<Failure>(*state.rescued));
}

} // namespace perch::run
