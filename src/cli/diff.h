#pragma once
// Differences between two texts, as `diff -u` shows them.

#include <string>
#include <string_view>

namespace perch::cli {

/// A unified diff with three lines of context; empty when the texts are equal.
[[nodiscard]] std::string unified_diff(std::string_view name, std::string_view before,
                                       std::string_view after);

} // namespace perch::cli
