#pragma once
// Child processes: from a statement to a started job, and from its end to a result.

#include "lane/lane.h"
#include "op/call.h"
#include "program/program.h"
#include "run/gate_exec.h"
#include "run/hooks.h"
#include "run/state.h"
#include "run/step.h"

#include <memory>
#include <string>
#include <vector>

namespace perch::run {

/// A program with its words, on its way to being started.
struct Child {
  Invocation invocation;
  std::string command_line; ///< quoted as a shell would need it, secrets masked; for messages
  HookEvent event;
  lane::ChildSpec spec; ///< empty before admit_child
  std::string held;     ///< what the kernel holds it to, for its error; set by admit_child
};

/// Evaluates the words; touches nothing.
[[nodiscard]] Eval<Child> evaluate_child(State& state, const program::ExecNode& node);
/// Asks the gate; the child may be started afterwards. Errors: those of run/gate_exec.h's child().
[[nodiscard]] Flow admit_child(State& state, Child& child);
[[nodiscard]] StepInfo child_step(const Child& child);
/// What is known of a child once it was admitted, for its end event.
void add_child_facts(const State& state, Step& step, const lane::ChildSpec& spec);
/// Its whole command line, as a shell would need it quoted.
[[nodiscard]] std::string child_text(const Child& child);

/// What holds a child that is started here, in words; empty when nothing does.
[[nodiscard]] std::string held_note(const State& state);

/// Why a child that ended counts as failed: shell_exit_nonzero with its status,
/// shell_signal_killed with the signal's name, or what the lane says.
[[nodiscard]] Status child_status(const Child& child, const lane::Ended& ended);

/// The figures of a child or guest for its end event.
void add_usage(Step& step, const lane::Ended& ended);

/// Runs a program to its end, its standard streams being the state's.
[[nodiscard]] Flow run_exec(State& state, const program::ExecNode& node);

/// Runs a program for an op. A non-zero status is no error here.
/// Errors: those of child(); the cancel token's; output_too_large.
[[nodiscard]] Result<op::Ended> run_launch(State& state, Actor actor, const op::Launch& launch);

/// A capture is refused past this size.
inline constexpr std::size_t kLargestCapture = 256 << 20;

/// Runs `body` with standard output going to memory, and returns what was written.
template <class Body>
[[nodiscard]] Eval<std::string> captured(State& state, MemoryOutlet::Trim trim, const Body& body) {
  MemoryOutlet outlet(kLargestCapture);
  {
    const Restoring<Outlet*> redirected(state.out, &outlet);
    PERCH_TRY(body());
  }
  return outlet.take(trim);
}

} // namespace perch::run
