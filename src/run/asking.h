#pragma once
// `--ask`: a person decides about each effect before it happens.

#include "op/op_decl.h"
#include "run/state.h"

#include <string>

namespace perch::run {

/// Whether anybody is to be asked.
[[nodiscard]] bool asks(const State& state);

/// Whether an op changes or starts something, or leaves the machine; looking at files and variables
/// is no effect.
[[nodiscard]] bool changes_something(const op::OpDecl& op);

/// Asks about the statement at hand, as `text`; false: it is skipped. Secrets are masked here.
/// Errors: the end of the run (`exit`) when the answer is to quit; what asking fails with.
[[nodiscard]] Eval<bool> ask_first(State& state, const std::string& text);

} // namespace perch::run
