#pragma once
// Ops: their arguments are bound, hooks and traces told, and the body run with a Call whose every
// way to the world leads through the gate.

#include "op/call.h"
#include "op/line_stream.h"
#include "op/value.h"
#include "program/program.h"
#include "run/gate.h"
#include "run/state.h"

namespace perch::run {

/// Runs an op and returns its result. `piped`, when not null, is the argument nobody wrote: the
/// last required parameter that is missing takes it.
/// Errors: bad_argument for a value that does not fit its parameter; what the op fails with.
[[nodiscard]] Eval<op::Value> run_op(State& state, const program::OpNode& node,
                                     const op::Value* piped = nullptr);

/// Runs an op with a `stream` function: its lines are those of `lines`, its output goes there.
[[nodiscard]] Flow run_op_stream(State& state, const program::OpNode& node, op::LineStream& lines);

/// Index of the parameter that a pipe feeds, or -1.
[[nodiscard]] int piped_parameter(const program::OpNode& node);

/// The directory `path` means, for `cd`, `dir` and with_cwd. Errors: the denial (Cap::Read);
/// file_not_found when it is no directory.
[[nodiscard]] Result<std::string> enter_directory(State& state, Actor actor, std::string_view path);

} // namespace perch::run
