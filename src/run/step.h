#pragma once
// Spans: one for every op, block, call, child and guest. Nothing happens when nobody listens.

#include "run/state.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perch::run {

/// Whether somebody listens. The arguments of a step are worth computing only then.
[[nodiscard]] bool watched(const State& state);

using StepArgs = trace::Fields;

struct StepInfo {
  trace::What what = trace::What::Block;
  std::string_view kind;
  StepArgs args;
  std::string_view from_template = {}; ///< empty: what the statement comes from
  diag::Span at = {};                  ///< unknown: where the statement is
  bool whole_op = false;               ///< see trace::Begin
};

/// An open span. Between open() and close() it is the parent of what `state` begins.
class Step {
public:
  explicit Step(State& state) : state_(state) {}
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  /// Begins the span; secrets in its arguments are masked here.
  /// Errors: audit_failed, before the effect that the span stands for.
  Flow open(StepInfo info);
  /// Something known only later, for the end event; secrets in it are masked here.
  void fact(std::string_view name, trace::Field::Value value);
  /// An argument that was not known when the span began; secrets in it are masked here.
  void late_argument(std::string_view name, trace::Field::Value value);
  void mark_cached() { end_.cached = true; }
  void mark_skipped() { end_.skipped = true; }
  /// Tells that its process or guest starts next, and makes it durable where that is asked for.
  /// Errors: audit_failed, and then it must not start.
  [[nodiscard]] Status before_start() const;
  /// Its process or guest has been started.
  void mark_began() { end_.began = true; }
  /// What the span stands for is over, although close() may come later.
  void note_end();
  /// Ends the span with `result`, which it returns, or audit_failed.
  Flow close(Flow result);
  Status close(Status result);

private:
  Status end(const Error* error);
  void begin_event(const StepInfo& info, trace::Begin& begin) const;

  State& state_;
  trace::End end_;
  trace::SpanId outer_ = 0;
  bool open_ = false;
};

/// Runs `body` inside a block's span; `args` is called only when somebody listens.
template <class Args, class Body>
Flow stepped(State& state, std::string_view kind, const Args& args, const Body& body) {
  if (!watched(state))
    return body();
  Step step(state);
  PERCH_TRY(step.open({.kind = kind, .args = args()}));
  return step.close(body());
}

/// Gives a statement that failed before its span could begin, as what it was to do could not be
/// computed, a span that says so.
Flow told(State& state, const program::Node& node, Flow result);

/// Text for an argument: masked, and cut when it is long.
[[nodiscard]] std::string shown(const State& state, std::string_view text);
[[nodiscard]] std::vector<std::string> shown(const State& state,
                                             std::span<const std::string> texts);

} // namespace perch::run
