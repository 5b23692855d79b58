#include "base/result.h"
#include "sys/late_relocations.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <sys/mman.h>

// The linker's name for the first byte of the executable.
extern "C" [[gnu::visibility("hidden")]] const char executable_start[] __asm__("__ehdr_start");

namespace perch::sys {

namespace {

struct PageRange {
  std::uint64_t begin, end; ///< offsets from where the executable was loaded
};

/// Written by tools/late_relocations after linking.
struct LateRelocations {
  std::uint64_t range_count;
  std::uint64_t word_count;
  std::array<PageRange, 8> ranges;       ///< whole pages, where `words` point to
  std::array<std::uint64_t, 3072> words; ///< in the form of DT_RELR
};

[[gnu::section(".rodata.perch_late"), gnu::used]] const LateRelocations kReserved{};

/// Not what the compiler sees, but what is there when the executable runs.
const LateRelocations& late() {
  const LateRelocations* table = &kReserved;
  asm("" : "+r"(table));
  return *table;
}

bool protect(char* base, int protection) {
  return std::ranges::all_of(std::span(late().ranges).first(late().range_count), [&](PageRange at) {
    return ::mprotect(base + at.begin, at.end - at.begin, protection) == 0;
  });
}

/// https://maskray.me/blog/2021-10-31-relative-relocations-and-relr: an even word is an address to
/// relocate, an odd one a bitmap of the 63 words that follow what was relocated last.
void apply(char* base) {
  constexpr std::size_t kMapped = (sizeof(std::uint64_t) * CHAR_BIT) - 1;
  const auto slide = reinterpret_cast<std::uint64_t>(base);
  std::uint64_t* next = nullptr;
  for (const std::uint64_t word : std::span(late().words).first(late().word_count)) {
    if ((word & 1) == 0) {
      next = reinterpret_cast<std::uint64_t*>(base + word);
      *next++ += slide;
      continue;
    }
    for (std::uint64_t bits = word >> 1, at = 0; bits != 0; bits >>= 1, ++at) {
      if ((bits & 1) != 0)
        next[at] += slide;
    }
    next += kMapped;
  }
}

} // namespace

void relocate_engine() {
  static std::once_flag done;
  std::call_once(done, [] {
    if (late().range_count == 0)
      return;
    char* base = const_cast<char*>(executable_start);
    PERCH_ASSERT(protect(base, PROT_READ | PROT_WRITE));
    apply(base);
    PERCH_ASSERT(protect(base, PROT_READ));
  });
}

} // namespace perch::sys
