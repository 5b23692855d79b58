#pragma once
// Whether somebody works in a directory, told to whoever would remove it.

#include "sys/fd.h"

#include <cstdint>
#include <optional>
#include <string>

namespace perch::sys {

enum class Holders : std::uint8_t {
  Many, ///< those who use what is in it; waits for one who holds it alone
  One,  ///< who wants to remove it; does not wait
};

/// Held until the descriptor is closed, also when the directory gets another name. Nullopt: the
/// directory is not there (any more), or somebody else holds it. A file system without locks lets
/// everybody have it. `directory`: absolute; no link is followed at its end.
[[nodiscard]] std::optional<Fd> lock_directory(const std::string& directory, Holders holders);

} // namespace perch::sys
