#include "sys/fs.h"

#include <gtest/gtest.h>

namespace perch::sys {
namespace {

TEST(Paths, relative_paths_are_joined_and_cleaned) {
  EXPECT_EQ(absolute_path("/srv/app", "a/b"), "/srv/app/a/b");
  EXPECT_EQ(absolute_path("/srv/app", "./a//b/."), "/srv/app/a/b");
  EXPECT_EQ(absolute_path("/srv/app", "../a"), "/srv/a");
  EXPECT_EQ(absolute_path("/srv/app", "a/../../.."), "/");
  EXPECT_EQ(absolute_path("/srv/app/", ""), "/srv/app");
  EXPECT_EQ(absolute_path("/", "a"), "/a");
}

TEST(Paths, absolute_paths_ignore_the_directory) {
  EXPECT_EQ(absolute_path("/srv", "/etc/x"), "/etc/x");
  EXPECT_EQ(absolute_path("/srv", "//etc///x/"), "/etc/x");
  EXPECT_EQ(absolute_path("/srv", "/"), "/");
}

TEST(Paths, dots_never_climb_above_the_root) {
  EXPECT_EQ(absolute_path("/", "../../etc"), "/etc");
  EXPECT_EQ(absolute_path("/a", "../../../.."), "/");
}

TEST(Paths, names_of_dots_alone_are_names_from_three_on) {
  EXPECT_EQ(absolute_path("/a", ".../..x/x.."), "/a/.../..x/x..");
}

TEST(Paths, a_root_holds_itself_and_what_is_below_it_by_component) {
  EXPECT_TRUE(is_within("/srv/app", "/srv/app"));
  EXPECT_TRUE(is_within("/srv/app", "/srv/app/x"));
  EXPECT_TRUE(is_within("/srv/app/", "/srv/app/x"));
  EXPECT_FALSE(is_within("/srv/app", "/srv/application"));
  EXPECT_FALSE(is_within("/srv/app", "/srv"));
  EXPECT_FALSE(is_within("/srv/app", "/"));
}

TEST(Paths, everything_is_within_the_root_directory) {
  EXPECT_TRUE(is_within("/", "/"));
  EXPECT_TRUE(is_within("/", "/etc"));
}

} // namespace
} // namespace perch::sys
