#pragma once
// Bins of `requires` blocks as the gate wants them.

#include "program/program.h"
#include "run/gate.h"
#include "run/state.h"

#include <vector>

namespace perch::run {

/// All declared bins, in the order of Requires::bins, for Gate::declare_bins: placeholders filled
/// in, digests read from hash files. A hash file that cannot be used gives a digest that no file
/// has, so that the bin is never run unchecked; check_hash_file() says why.
/// Errors: those of the names' placeholders.
[[nodiscard]] Eval<std::vector<DeclaredBin>> declared_bins(State& state);

/// Errors: requirement_unmet for a hash file that is missing, holds no SHA-256, or contradicts the
/// `hash` line.
[[nodiscard]] Flow check_hash_file(State& state, const program::Bin& bin);

/// What the gate knows about a bin of the program.
[[nodiscard]] const DeclaredBin& declared_bin(const State& state, const program::Bin& bin);

} // namespace perch::run
