#pragma once
// No C++ headers: an inline function of theirs, compiled for AVX2, could be the one that the linker
// keeps for processors without it.

#include <stddef.h>

namespace perch::sys {

struct Xxh3Sum {
  char bytes[16]; ///< in the canonical order
};

/// XXH3 on a processor with AVX2, at twice the speed of what every x86-64 processor has.
[[nodiscard]] Xxh3Sum xxh3_avx2(const void* data, size_t size);

} // namespace perch::sys
