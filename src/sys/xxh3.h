#pragma once
// 128 bits of XXH3: as fast as memory is read, and against damage only, not against intent.

#include <string>
#include <string_view>

namespace perch::sys {

/// Lower-case hex, in the canonical order of bytes.
[[nodiscard]] std::string xxh3_hex(std::string_view bytes);

} // namespace perch::sys
