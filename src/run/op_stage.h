#pragma once
// Ops as stages of `pipe`.

#include "program/program.h"
#include "run/state.h"

namespace perch::run {

/// Runs an op whose missing argument is what comes in and whose result is what goes out. One that
/// takes lines as they come is given them so, and may end before its input does; any other gets
/// all of it at once.
/// Errors: those of run_op(); output_too_large for input, or a line of it, past kLargestCapture.
[[nodiscard]] Flow run_op_stage(State& state, const program::OpNode& node);

} // namespace perch::run
