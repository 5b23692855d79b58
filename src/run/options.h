#pragma once
// Options in the heads of blocks: text that must be a number, a duration, a truth.

#include "program/program.h"
#include "run/state.h"

#include <chrono>
#include <cstdint>

namespace perch::run {

/// `fallback` when the option was not written. Errors: bad_argument naming `what`.
[[nodiscard]] Eval<std::int64_t> integer_option(State& state, const program::Expr* expr,
                                                std::string_view what, std::int64_t fallback);
[[nodiscard]] Eval<bool> truth_option(State& state, const program::Expr* expr,
                                      std::string_view what, bool fallback);

/// A duration; a bare number is seconds. Bounded so that adding it to a clock cannot overflow.
[[nodiscard]] Eval<std::chrono::nanoseconds> duration_of(State& state, const program::Expr& expr,
                                                         std::string_view what);

} // namespace perch::run
