#pragma once
// Variables: what a program may see of the host's, what it may set, and what its children get.

#include "base/result.h"
#include "run/gate.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// The value of a variable: what the program set itself, else the host's when the policy allows
/// seeing it. nullopt: not set. Errors: bad_argument for a name that can be none; the denial.
[[nodiscard]] Result<std::optional<std::string>> variable(const Gate& gate, const Scope& scope,
                                                          Actor actor, std::string_view name);

/// Whether `export` and `unset` may change a variable. Where a layer lists the bins that may run,
/// the variables that decide what a program is (PATH and policy::loads_code) are refused unless
/// `requires` declares them. Errors: bad_argument, the denial, capability_denied.
[[nodiscard]] Status may_change(const Gate& gate, const Scope& scope, Actor actor,
                                std::string_view name);

/// The whole environment of a child, NAME=value, sorted by name. From the host: everything where no
/// layer restricts variables, else the operational ones and those that every layer allows. Above
/// that what the program set (`env` lines, with_env, export).
/// Errors: bad_argument for a name or value no environment can hold; capability_denied for a
/// variable that loads code where a layer lists bins.
[[nodiscard]] Result<std::vector<std::string>> child_environment(const Gate& gate,
                                                                 const Scope& scope, Actor actor);

/// The PATH children get; needs no capability.
[[nodiscard]] std::string search_path(const Gate& gate, const Scope& scope);

} // namespace perch::run
