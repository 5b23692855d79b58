#pragma once
// The processes of this machine.

#include "base/result.h"

#include <string_view>

namespace perch::sys {

/// Whether a process other than this one runs an executable of that base name. Where another
/// user's executable may not be seen, the name the process goes by is compared, as far as the
/// kernel keeps it (15 bytes). Errors: file_error when the processes cannot be listed.
[[nodiscard]] Result<bool> runs_elsewhere(std::string_view name);

/// From here on other processes of the user can neither read this one's memory and environment
/// (`/proc/PID/environ`, `mem`) nor trace it, and it leaves no core file; the superuser still can.
/// Programs it starts are not affected. Does nothing in a build with AddressSanitizer, whose leak
/// check traces the process.
void close_to_other_processes();

} // namespace perch::sys
