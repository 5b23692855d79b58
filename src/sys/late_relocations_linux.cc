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
extern "C" [[gnu::visibility("hidden")]] const char
    executable_start[] // NOLINT(readability-identifier-naming)
    __asm__("__ehdr_start");

namespace perch::sys {

namespace {

struct PageRange {
  std::uint64_t begin, end; ///< offsets from where the executable was loaded
};

struct LateRelocations {
  std::uint64_t range_count;
  std::uint64_t word_count;
  std::array<PageRange, 8> ranges;       ///< whole pages, where `words` point to
  std::array<std::uint64_t, 2048> words; ///< in the form of DT_RELR
};

/// One for each LatePart, written by tools/late_relocations after linking.
[[gnu::section(".rodata.perch_late"), gnu::used]] const std::array<LateRelocations, 2> kReserved{};

/// Not what the compiler sees, but what is there when the executable runs.
const LateRelocations& late(LatePart part) {
  const LateRelocations* table = &kReserved.at(static_cast<std::size_t>(part));
  asm("" : "+r"(table));
  return *table;
}

std::span<const PageRange> ranges_of(const LateRelocations& late) {
  return std::span(late.ranges).first(late.range_count);
}

bool protect(const LateRelocations& late, char* base, int protection) {
  return std::ranges::all_of(ranges_of(late), [&](PageRange at) {
    return ::mprotect(base + at.begin, at.end - at.begin, protection) == 0;
  });
}

/// The pages to write, all at once: taken one by one, the page faults cost more than the
/// relocating. A kernel before 5.14 refuses, and takes them one by one.
void prepare(const LateRelocations& late, char* base) {
  for (const PageRange at : ranges_of(late))
    (void)::madvise(base + at.begin, at.end - at.begin, MADV_POPULATE_WRITE);
}

/// https://maskray.me/blog/2021-10-31-relative-relocations-and-relr: an even word is an address to
/// relocate, an odd one a bitmap of the 63 words that follow what was relocated last.
void apply(const LateRelocations& late, char* base) {
  constexpr std::size_t kMapped = (sizeof(std::uint64_t) * CHAR_BIT) - 1;
  const auto slide = reinterpret_cast<std::uint64_t>(base);
  std::uint64_t* next = nullptr;
  for (const std::uint64_t word : std::span(late.words).first(late.word_count)) {
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

void relocate_late(LatePart part) {
  static std::array<std::once_flag, std::tuple_size_v<decltype(kReserved)>> done;
  std::call_once(done.at(static_cast<std::size_t>(part)), [part] {
    const LateRelocations& mine = late(part);
    if (mine.range_count == 0)
      return;
    char* base = const_cast<char*>(executable_start);
    PERCH_ASSERT(protect(mine, base, PROT_READ | PROT_WRITE));
    prepare(mine, base);
    apply(mine, base);
    PERCH_ASSERT(protect(mine, base, PROT_READ));
  });
}

} // namespace perch::sys
