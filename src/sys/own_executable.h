#pragma once
// The file this process runs.

#include <string>

namespace perch::sys {

/// A name that opens it, whatever has happened to its directory entry since: /proc/self/exe. In a
/// root without /proc the name it was started by, which holds until it is moved.
/// Lifetime: relative to the directory the process was started in; perch never leaves it.
[[nodiscard]] std::string own_executable_name();

} // namespace perch::sys
