#pragma once
// The layer that a file's `requires` blocks make, as far as their text tells.

#include "diag/diag.h"
#include "diag/source.h"
#include "policy/policy.h"
#include "program/program.h"

namespace perch::scan {

/// Where a name or root is known only at run time, the layer leaves its whole kind open. Roots are
/// absolute but not real paths. Adds useless-entry to `diags` for what can match nothing.
[[nodiscard]] policy::Layer manifest_layer(const program::Program& program,
                                           const diag::SourceMap& sources, diag::Diags& diags);

} // namespace perch::scan
