#pragma once
// Perch's own directories, by the XDG rules.

#include "cli/context.h"

#include <string>

namespace perch::cli {

/// `$XDG_CACHE_HOME/perch` or `~/.cache/perch`; empty when there is neither. Not created.
[[nodiscard]] std::string cache_directory(const sys::World& world);
/// Where built executables unpack their files: beside perch's own cache, whose files no program may
/// touch. Empty when there is no cache.
[[nodiscard]] std::string bundles_directory(const sys::World& world);
/// `$XDG_STATE_HOME/perch` or `~/.local/state/perch`; as above.
[[nodiscard]] std::string state_directory(const sys::World& world);
/// Where compiled modules are kept: below the cache directory.
[[nodiscard]] std::string code_directory(const sys::World& world);

} // namespace perch::cli
