#include "program/bundle_paths.h"

#include <gtest/gtest.h>

namespace perch::program {
namespace {

TEST(BundlePaths, dots_and_slashes_around_an_include_do_not_count) {
  EXPECT_EQ(plain_include("./a"), "a");
  EXPECT_EQ(plain_include("././a/b/"), "a/b");
  EXPECT_EQ(plain_include("."), "");
  EXPECT_EQ(plain_include("./"), "");
  EXPECT_EQ(plain_include(".hidden"), ".hidden");
}

TEST(BundlePaths, one_star_stays_in_its_directory_and_two_do_not) {
  EXPECT_TRUE(matches_include("/p/*.txt", "/p/a.txt"));
  EXPECT_FALSE(matches_include("/p/*.txt", "/p/d/a.txt"));
  EXPECT_TRUE(matches_include("/p/**.txt", "/p/d/a.txt"));
  EXPECT_TRUE(matches_include("/p/**/a", "/p/d/e/a"));
  EXPECT_FALSE(matches_include("/p/*", "/q/a"));
  EXPECT_TRUE(matches_include("/p/a", "/p/a"));
  EXPECT_FALSE(matches_include("/p/a", "/p/ab"));
}

TEST(BundlePaths, a_walk_goes_no_deeper_than_a_match_can_lie) {
  EXPECT_EQ(fixed_part("/a/b/c*.txt"), "/a/b");
  EXPECT_EQ(fixed_part("/a/*/c"), "/a");
  EXPECT_EQ(depth_of("/a/b/*.txt"), 0);
  EXPECT_EQ(depth_of("/a/*/c/*.txt"), 2);
  EXPECT_GT(depth_of("/a/**"), 1000);
}

} // namespace
} // namespace perch::program
