// `retry N`, with its named options.

#include "base/error_kinds.h"
#include "base/text.h"
#include "run/expr.h"
#include "run/nodes.h"
#include "run/options.h"
#include "run/step.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace perch::run {

namespace {

using base::cat;
using std::chrono::nanoseconds;

constexpr std::int64_t kAttempts = 3;
constexpr nanoseconds kBase = std::chrono::seconds(1);
constexpr nanoseconds kMaxDelay = std::chrono::minutes(5);

struct Plan {
  enum class Backoff : std::uint8_t { Fixed, Linear, Exponential };
  std::int64_t attempts = kAttempts;
  Backoff backoff = Backoff::Exponential;
  nanoseconds base = kBase;
  nanoseconds max_delay = kMaxDelay;
  double jitter = 0;              ///< a delay varies by this part of it, up and down
  std::vector<std::string> kinds; ///< empty: all but timeout_exceeded
};

Eval<Plan::Backoff> backoff_of(State& state, const program::Expr& expr) {
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, expr));
  if (text == "fixed")
    return Plan::Backoff::Fixed;
  if (text == "linear")
    return Plan::Backoff::Linear;
  if (text == "exponential")
    return Plan::Backoff::Exponential;
  return raise(state, expr.span,
               {.kind = kind::kBadArgument,
                .message = cat("retry: `", text, "` is no backoff"),
                .detail = text,
                .help = "it is fixed, linear or exponential"});
}

/// `true` is a quarter; a number is the part itself.
Eval<double> jitter_of(State& state, const program::Expr& expr) {
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, expr));
  if (text == "true" || text == "false")
    return text == "true" ? 0.25 : 0.0;
  const auto part = base::parse_float(text);
  if (part && *part >= 0 && *part <= 1)
    return *part;
  return raise(state, expr.span,
               {.kind = kind::kBadArgument,
                .message = cat("retry: `", text, "` is no jitter"),
                .detail = text,
                .help = "it is true, false or a number from 0 to 1"});
}

Eval<std::vector<std::string>> kinds_of(State& state, const program::Expr& expr) {
  PERCH_TRY_ASSIGN(const std::string text, text_of(state, expr));
  std::vector<std::string> kinds;
  for (const std::string_view piece : base::split(text, ',')) {
    const std::string_view name = base::trim(piece);
    if (std::ranges::find(kind::kAll, name) == kind::kAll.end()) {
      const auto near = base::nearest(name, kind::kAll);
      return raise(state, expr.span,
                   {.kind = kind::kBadArgument,
                    .message = cat("retry: there is no error kind `", name, '`'),
                    .detail = std::string(name),
                    .help = near ? cat("did you mean `", *near, "`?") : std::string()});
    }
    kinds.emplace_back(name);
  }
  return kinds;
}

Eval<Plan> plan_of(State& state, const program::RetryNode& node) {
  Plan plan;
  PERCH_TRY_ASSIGN(plan.attempts, integer_option(state, node.attempts, "retry", kAttempts));
  if (plan.attempts <= 0)
    plan.attempts = kAttempts;
  if (node.backoff != nullptr) {
    PERCH_TRY_ASSIGN(plan.backoff, backoff_of(state, *node.backoff));
  }
  if (node.base != nullptr) {
    PERCH_TRY_ASSIGN(plan.base, duration_of(state, *node.base, "retry: delay"));
  }
  if (node.max_delay != nullptr) {
    PERCH_TRY_ASSIGN(plan.max_delay, duration_of(state, *node.max_delay, "retry: max_delay"));
  }
  if (node.jitter != nullptr) {
    PERCH_TRY_ASSIGN(plan.jitter, jitter_of(state, *node.jitter));
  }
  if (node.on != nullptr) {
    PERCH_TRY_ASSIGN(plan.kinds, kinds_of(state, *node.on));
  }
  return plan;
}

bool is_retried(const State& state, const Plan& plan, const Failure& failure) {
  if (unwinds(state, failure))
    return false;
  const std::string_view kind = failure.error.kind;
  if (!plan.kinds.empty())
    return std::ranges::find(plan.kinds, kind) != plan.kinds.end();
  return kind != kind::kTimeoutExceeded && kind != kind::kSignalReceived;
}

/// The wait after attempt number `attempt` (from 1).
nanoseconds delay_after(const Plan& plan, std::int64_t attempt, std::minstd_rand& random) {
  // In floating point, where many doublings are merely large.
  double factor = 1;
  if (plan.backoff == Plan::Backoff::Linear)
    factor = static_cast<double>(attempt);
  else if (plan.backoff == Plan::Backoff::Exponential)
    factor = static_cast<double>(1ull << std::min<std::int64_t>(attempt - 1, 62));
  double wait = std::min(static_cast<double>(plan.base.count()) * factor,
                         static_cast<double>(plan.max_delay.count()));
  if (plan.jitter > 0)
    wait *= 1 + std::uniform_real_distribution(-plan.jitter, plan.jitter)(random);
  return nanoseconds(static_cast<std::int64_t>(wait));
}

/// The last error, unchanged but for the number of attempts.
Flow gave_up(Flow result, std::int64_t attempts) {
  Error& error = result.error()->error;
  if (attempts > 1) {
    const std::string count = cat("after ", attempts, " attempts");
    error.detail = error.detail.empty() ? count : cat(error.detail, " (", count, ')');
  }
  return result;
}

Flow attempt(State& state, const program::RetryNode& node, std::int64_t number) {
  return stepped(
      state, "attempt", [&] { return StepArgs{{"number", number}}; },
      [&] { return run_body(state, node.body); });
}

Flow run_attempts(State& state, const program::RetryNode& node, const Plan& plan) {
  std::minstd_rand random(std::random_device{}());
  for (std::int64_t number = 1;; ++number) {
    Flow result = attempt(state, node, number);
    if (result || unwinds(state, *result.error()))
      return result;
    if (number == plan.attempts || !is_retried(state, plan, *result.error()))
      return gave_up(std::move(result), number);
    const auto until = std::chrono::steady_clock::now() + delay_after(plan, number, random);
    // A wait that would end after the deadline is not begun.
    const auto deadline = state.cancel->deadline();
    if (deadline && until >= *deadline)
      return gave_up(std::move(result), number);
    PERCH_TRY(placed(state, state.out->flush(*state.cancel)));
    if (state.cancel->wait_until(until) != sys::StopReason::None)
      return raise(state, state.cancel->check().error());
  }
}

} // namespace

Flow run_retry(State& state, const program::RetryNode& node) {
  PERCH_TRY_ASSIGN(const Plan plan, plan_of(state, node));
  return stepped(
      state, "retry", [&] { return StepArgs{{"attempts", plan.attempts}}; },
      [&] { return run_attempts(state, node, plan); });
}

} // namespace perch::run
