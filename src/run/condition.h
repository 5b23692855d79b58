#pragma once
// Conditions of `if`.

#include "program/program.h"
#include "run/state.h"

#include <optional>
#include <string_view>

namespace perch::run {

/// Errors: what a called op fails with; of a called program anything but a status; bad_argument for
/// an ordering of texts that are neither versions nor numbers.
[[nodiscard]] Eval<bool> holds(State& state, const program::Cond& cond);

/// Compares two texts. `==` and `!=` are by bytes. The orderings compare versions when one side can
/// only be a version (two dots, or a `v` in front) and both can be one; else numbers. nullopt when
/// the texts are neither.
[[nodiscard]] std::optional<bool> compare(lang::CompareOp op, std::string_view a,
                                          std::string_view b);

} // namespace perch::run
