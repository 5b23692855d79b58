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

using StepArgs = std::vector<std::pair<std::string, std::string>>;

/// An open span. Between open() and close() it is the parent of what `state` begins.
class Step {
public:
  explicit Step(State& state) : state_(state) {}
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  /// Begins the span; secrets in `args` are masked here.
  /// Errors: audit_failed, before the effect that the span stands for.
  Flow open(std::string_view kind, StepArgs args);
  /// A figure for the end event; `json` is JSON text.
  void fact(std::string name, std::string json);
  void mark_cached() { end_.cached = true; }
  void mark_skipped() { end_.skipped = true; }
  /// Ends the span with `result`, which it returns, or audit_failed.
  Flow close(Flow result);

private:
  Status end(const Error* error);

  State& state_;
  trace::End end_;
  trace::SpanId outer_ = 0;
  bool open_ = false;
};

/// Runs `body` inside a span; `args` is called only when somebody listens.
template <class Args, class Body>
Flow stepped(State& state, std::string_view kind, const Args& args, const Body& body) {
  if (!watched(state))
    return body();
  Step step(state);
  PERCH_TRY(step.open(kind, args()));
  return step.close(body());
}

} // namespace perch::run
