#pragma once
// `hooks`: commands of the program that run before and after what it does to the outside world.

#include "op/op_decl.h"
#include "run/state.h"

#include <span>
#include <string>
#include <string_view>

namespace perch::run {

/// What a hook can be about. `op` is an op's name, `exec` or `wasm_run`; `caps` are the kinds of
/// request it makes, which the categories of `hooks` name; `target` is its subject.
struct HookEvent {
  std::string_view op;
  std::span<const op::Need> needs;
  std::string target;
};

/// Whether hooks have to be asked at all here: the program has some and none is running.
[[nodiscard]] bool has_hooks(const State& state);

/// Runs the matching `before` handlers. Errors: hook_veto when one fails.
[[nodiscard]] Flow before_hooks(State& state, const HookEvent& event);

/// Runs the matching `after` and, when `result` failed, `on_error` handlers. A failing `after`
/// handler makes a success a failure; a failing `on_error` handler changes nothing but is told.
[[nodiscard]] Flow after_hooks(State& state, const HookEvent& event, Flow result);

/// Runs `body` between its hooks; `event` is called only when there are any. After a veto neither
/// the body nor `after` handlers run.
template <class Event, class Body>
[[nodiscard]] Flow hooked(State& state, const Event& event, const Body& body) {
  if (!has_hooks(state))
    return body();
  const HookEvent what = event();
  PERCH_TRY(before_hooks(state, what));
  return after_hooks(state, what, body());
}

} // namespace perch::run
