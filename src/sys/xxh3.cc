#include "sys/xxh3.h"

#include "base/text.h"
#include "sys/xxh3_avx2.h"

#include <xxhash.h>

namespace perch::sys {

std::string xxh3_hex(std::string_view bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    const Xxh3Sum sum = xxh3_avx2(bytes.data(), bytes.size());
    return base::hex({sum.bytes, sizeof sum.bytes});
  }
#endif
  XXH128_canonical_t sum;
  XXH128_canonicalFromHash(&sum, XXH3_128bits(bytes.data(), bytes.size()));
  return base::hex({reinterpret_cast<const char*>(sum.digest), sizeof sum.digest});
}

} // namespace perch::sys
