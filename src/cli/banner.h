#pragma once
// The line on stderr that says what is in force.

#include "cli/context.h"
#include "policy/policy.h"

#include <string>

namespace perch::cli {

/// "perch: in force: --no-write, --env=HOME; programs are confined by the kernel". Empty when
/// nothing restricts the run.
[[nodiscard]] std::string banner(const policy::Policy& policy, const Options& options);

/// Prints it where a person sees it: on a terminal, without --quiet.
void show_banner(const Context& context, const policy::Policy& policy);

} // namespace perch::cli
