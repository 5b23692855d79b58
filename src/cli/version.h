#pragma once
// The version of perch: the one place that says it.

#include <string_view>

namespace perch::cli {

inline constexpr std::string_view kVersion = "0.1.0";

} // namespace perch::cli
