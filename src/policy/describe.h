#pragma once
// A layer in words, for `--restrictions` and for the line that says what is in force.

#include "policy/policy.h"

#include <string>
#include <vector>

namespace perch::policy {

/// "--no-write", "--env HOME,TERM", "stdin (not trusted)".
[[nodiscard]] std::string summary(const Layer& layer);

/// A line for each thing the layer restricts: "write: nothing", "run: git, make", "no shell text".
[[nodiscard]] std::vector<std::string> describe(const Layer& layer);

} // namespace perch::policy
