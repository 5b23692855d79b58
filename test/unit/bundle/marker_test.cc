#include "base/error_kinds.h"
#include "bundle/marker.h"

#include <gtest/gtest.h>

namespace perch::bundle {
namespace {

const Marker kSome = {.archive_begin = 1000,
                      .archive_end = 1ull << 40,
                      .tail_begin = 5000,
                      .manifest_begin = 5063,
                      .manifest_size = 400,
                      .sha256 = std::string(64, 'a'),
                      .tail_sha256 = std::string(62, '0') + "ff"};

std::string executable(std::string_view marker) {
  return "\x7f"
         "ELF and so on" +
         std::string(marker) + "the rest";
}

TEST(Marker, what_is_written_is_found_and_read) {
  const std::string file = executable(marker_bytes(kSome));
  const auto at = find_marker(file);
  ASSERT_TRUE(at);
  const auto read = read_marker(file, *at);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->archive_begin, kSome.archive_begin);
  EXPECT_EQ((*read)->archive_end, kSome.archive_end);
  EXPECT_EQ((*read)->tail_begin, kSome.tail_begin);
  EXPECT_EQ((*read)->manifest_begin, kSome.manifest_begin);
  EXPECT_EQ((*read)->manifest_size, kSome.manifest_size);
  EXPECT_EQ((*read)->sha256, kSome.sha256);
  EXPECT_EQ((*read)->tail_sha256, kSome.tail_sha256);
}

TEST(Marker, every_changed_bit_is_seen) {
  const std::string sound = marker_bytes(kSome);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string marker = sound;
      marker[i] = static_cast<char>(marker[i] ^ (1 << bit));
      const std::string file = executable(marker);
      const auto at = find_marker(file);
      if (!at)
        continue; // its first bytes: no perch any more
      const auto read = read_marker(file, *at);
      ASSERT_FALSE(read) << "byte " << i << " bit " << bit;
      EXPECT_EQ(read.error().kind, kind::kBundleError);
    }
  }
}

TEST(Marker, an_empty_one_is_of_a_perch_without_an_archive) {
  std::string empty = marker_bytes(kSome);
  const std::string file = executable(empty.substr(0, 32) + std::string(empty.size() - 32, '\0'));
  const auto at = find_marker(file);
  ASSERT_TRUE(at);
  const auto read = read_marker(file, *at);
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

TEST(Marker, what_is_no_perch_has_none) {
  EXPECT_FALSE(find_marker(""));
  EXPECT_FALSE(find_marker("\x7f"
                           "ELF"));
  EXPECT_FALSE(find_marker(marker_bytes(kSome)));
  const std::string file = executable(marker_bytes(kSome));
  EXPECT_FALSE(find_marker(file.substr(0, 40)));
}

TEST(Marker, this_process_was_not_built) {
  EXPECT_FALSE(in_built_executable());
  EXPECT_FALSE(own_marker());
}

TEST(Marker, the_perch_of_a_built_executable_is_the_one_it_was_made_of) {
  const std::string built = executable(marker_bytes(kSome));
  const auto at = find_marker(built);
  ASSERT_TRUE(at);
  const PerchPart part = perch_part(built, *at, built.size());
  const std::string perch = std::string(part.before) + part.zeros + std::string(part.after);
  EXPECT_EQ(perch.size(), built.size());
  const auto read = read_marker(perch, *at);
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

} // namespace
} // namespace perch::bundle
