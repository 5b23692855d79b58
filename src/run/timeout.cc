// `timeout DURATION`

#include "base/error_kinds.h"
#include "base/text.h"
#include "op/call.h"
#include "run/cancelling.h"
#include "run/nodes.h"
#include "run/options.h"
#include "run/step.h"

namespace perch::run {

namespace {

/// The deadline has passed: whatever the body ended with, it did not end in time. What was
/// interrupted keeps its place, so that the message points at it.
Flow expired(State& state, const program::TimeoutNode& node, std::chrono::nanoseconds limit,
             Flow result) {
  const std::string text = base::duration_text(limit.count());
  Error error{.kind = kind::kTimeoutExceeded,
              .message = base::cat("did not finish within the ", text, " of its `timeout`"),
              .detail = text,
              .op = "timeout"};
  if (!result && result.error()->error.kind == kind::kTimeoutExceeded) {
    result.error()->error = std::move(error);
    return result;
  }
  return raise(state, node.span, std::move(error));
}

} // namespace

Flow run_timeout(State& state, const program::TimeoutNode& node) {
  PERCH_TRY_ASSIGN(const auto limit, duration_of(state, node.duration, "timeout"));
  const auto args = [&] { return StepArgs{{"duration", base::duration_text(limit.count())}}; };
  return stepped(state, "timeout", args, [&]() -> Flow {
    const auto token = state.cancel->child(std::chrono::steady_clock::now() + limit);
    Flow result;
    {
      const TokenScope limited(state, token);
      result = run_body(state, node.body);
    }
    // An outer deadline, a signal or `exit` that came first is not this block's affair.
    const bool own = token->stopped() == sys::StopReason::Deadline &&
                     state.cancel->stopped() == sys::StopReason::None;
    if (!own || (!result && result.error()->error.kind == op::kExitKind))
      return result;
    return expired(state, node, limit, std::move(result));
  });
}

} // namespace perch::run
