#pragma once
// The version of perch, as the build says it (CMakeLists.txt).

#include <string_view>

namespace perch::cli {

inline constexpr std::string_view kVersion = PERCH_VERSION;

} // namespace perch::cli
