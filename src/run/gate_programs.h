#pragma once
// Finding programs on a search path, and reading them for their digest.

#include "base/result.h"
#include "run/gate.h"
#include "sys/fs.h"

#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// The first executable regular file `name` in the directories of `search_path` (joined by
/// colons), its directory real. Relative and empty entries start at `directory` (absolute); with
/// an empty `directory` they are left out. Empty when there is none.
[[nodiscard]] std::string find_on_path(sys::Fs& fs, std::string_view name,
                                       std::string_view search_path, std::string_view directory);

/// Names of programs on `search_path` that are spelled nearly like `name`, nearest first; at most
/// three. Reads the directories: for error messages only.
[[nodiscard]] std::vector<std::string> similar_programs(sys::Fs& fs, std::string_view name,
                                                        std::string_view search_path);

/// Opens a file and computes the SHA-256 of what the handle holds.
[[nodiscard]] Result<PinnedFile> open_and_hash(sys::Fs& fs, const sys::Spot& spot);

} // namespace perch::run
