#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace perch::base {
namespace {

TEST(Arena, what_it_hands_out_is_aligned_and_stays_where_it_is) {
  struct alignas(32) Wide {
    int value;
  };
  Arena arena;
  std::vector<Wide*> made;
  for (int i = 0; i < 10'000; ++i) {
    arena.copy("x");
    made.push_back(arena.make<Wide>(i));
  }
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(made[static_cast<std::size_t>(i)]) % 32, 0u);
    EXPECT_EQ(made[static_cast<std::size_t>(i)]->value, i);
  }
}

TEST(Arena, something_larger_than_a_block_fits) {
  Arena arena;
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(arena.copy(large), large);
  EXPECT_EQ(arena.copy("small"), "small");
}

TEST(Arena, keeps_what_it_holds_when_it_is_trimmed_and_grows_on) {
  Arena arena;
  std::vector<std::string_view> kept;
  for (int i = 0; i < 300; ++i) {
    kept.push_back(arena.copy(std::string(40'000, static_cast<char>('a' + i % 26))));
    if (i % 50 == 0)
      arena.trim();
  }
  for (int i = 0; i < 300; ++i)
    EXPECT_EQ(kept[static_cast<std::size_t>(i)],
              std::string(40'000, static_cast<char>('a' + i % 26)));
}

TEST(Arena, copies_nothing_for_nothing) {
  Arena arena;
  EXPECT_TRUE(arena.copy("").empty());
  EXPECT_EQ(arena.bytes(), 0u);
}

} // namespace
} // namespace perch::base
