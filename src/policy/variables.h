#pragma once
// Names of variables that mean more than their values.

#include <string_view>

namespace perch::policy {

/// Variables that decide which code a program runs as itself: LD_* DYLD_* BASH_ENV BASH_FUNC_*
/// PYTHONPATH NODE_OPTIONS GIT_EXEC_PATH … A list of the programs that may run means nothing beside
/// them. PATH is not one of them: it decides which program a name is.
[[nodiscard]] bool loads_code(std::string_view name);

} // namespace perch::policy
