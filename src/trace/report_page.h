#pragma once
// The parts of the report's page that are the same for every run.

#include <span>
#include <string_view>

namespace perch::trace {

[[nodiscard]] std::string_view page_head(); ///< up to the title
[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_body();
[[nodiscard]] std::span<const std::string_view> page_scripts(); ///< parts of one script

} // namespace perch::trace
