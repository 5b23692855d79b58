#pragma once
// The `requires` blocks of a program: the layer of policy they make, and what has to be there
// before a command starts.

#include "program/program.h"
#include "run/state.h"

namespace perch::run {

/// The policy in force with the layer of `requires` on top, its roots pinned; and tells the gate
/// about the declared bins. Without such a block the policy stays as it is. A root whose text
/// cannot be made, because a variable of the host is not set, is left out.
/// Errors: those of placeholders; bad_argument for entries that can match nothing; file_*.
[[nodiscard]] Eval<policy::Policy> with_requirements(State& state);

/// Checks what the commands reachable from `command` need: OS, architecture, variables, programs
/// and their digests. All that is missing is reported together.
/// Errors: requirement_unmet.
[[nodiscard]] Flow preflight(State& state, const program::Command& command);

} // namespace perch::run
