#pragma once
// `--dry-run` and `--dry-run=json`.

#include "cli/context.h"
#include "run/plan.h"

namespace perch::cli {

/// Prints the plan of `request` to standard output. What would keep the command from starting is
/// reported, and is the exit status.
[[nodiscard]] int dry_run(const Context& context, const run::Setting& setting,
                          const run::Request& request);

} // namespace perch::cli
