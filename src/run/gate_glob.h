#pragma once
// File name patterns: `*`, `?` and `[a-z]` within a component, `**` across components.

#include "base/result.h"
#include "run/gate.h"

#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// Whether one component of a path matches one component of a pattern. `?` and `[…]` stand for one
/// character (of well-formed UTF-8; else one byte), `[!…]` for one that is not listed, `\` takes
/// the next character as it is. A name that starts with a dot needs a pattern that does.
[[nodiscard]] bool matches_component(std::string_view pattern, std::string_view name);

/// Errors: bad_argument for a `[` that is not closed, a range that runs backwards, a pattern that
/// ends in `\`, or a `**` that is not a component of its own.
[[nodiscard]] Status check_glob(std::string_view pattern);

/// The paths that match, sorted by bytes; relative where the pattern is. The directories before the
/// first wildcard are asked for as any path is; what a wildcard reaches and the policy denies is
/// left out, and its denial is recorded. `**` does not follow links, other components do.
[[nodiscard]] Result<std::vector<std::string>> glob(const Gate& gate, const Scope& scope,
                                                    Actor actor, std::string_view pattern);

} // namespace perch::run
