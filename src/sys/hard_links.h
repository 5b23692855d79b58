#pragma once
// How many names a file has: replacing it under one of them parts it from the others.

#include "sys/fs.h"

#include <cstdint>

namespace perch::sys {

/// 0 when it is not there.
[[nodiscard]] std::uint64_t hard_links(const Spot& spot);

} // namespace perch::sys
