#pragma once
// The processes of this machine.

#include "base/result.h"

#include <string_view>

namespace perch::sys {

/// Whether a process other than this one runs an executable of that base name. Where another
/// user's executable may not be seen, the name the process goes by is compared, as far as the
/// kernel keeps it (15 bytes). Errors: file_error when the processes cannot be listed.
[[nodiscard]] Result<bool> runs_elsewhere(std::string_view name);

} // namespace perch::sys
