// Compiled for AVX2 where the processor is an x86-64 (cmake/layers.cmake).

#include "sys/xxh3_avx2.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

namespace perch::sys {

Xxh3Sum xxh3_avx2(const void* data, size_t size) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
  Xxh3Sum sum;
  memcpy(sum.bytes, canonical.digest, sizeof sum.bytes);
  return sum;
}

} // namespace perch::sys
