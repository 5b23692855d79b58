#include "bundle/imports.h"

#include <gtest/gtest.h>

namespace perch::bundle {
namespace {

std::string below(std::string_view path) {
  return ImportPaths::directory() + "/" + std::string(path);
}

TEST(ImportPaths, a_path_below_the_program_is_the_same_everywhere) {
  EXPECT_EQ(ImportPaths::key(below("lib/x.perch")), "lib/x.perch");
  EXPECT_EQ(ImportPaths("/srv/app").real(below("lib/x.perch")), "/srv/app/lib/x.perch");
  EXPECT_EQ(ImportPaths("/").real(below("lib/x.perch")), "/lib/x.perch");
  EXPECT_EQ(ImportPaths("/srv/app").real(ImportPaths::directory()), "/srv/app");
}

TEST(ImportPaths, a_path_above_the_program_keeps_its_way_up) {
  std::string up = ImportPaths::directory();
  up = up.substr(0, up.rfind('/'));
  EXPECT_EQ(ImportPaths::key(up + "/lib/x.perch"), "../lib/x.perch");
  EXPECT_EQ(ImportPaths::key(up), "..");
  EXPECT_EQ(ImportPaths("/srv/app").real(up + "/lib/x.perch"), "/srv/lib/x.perch");
  // In a directory with nothing above it the key is still the same.
  EXPECT_EQ(ImportPaths("/").real(up + "/lib/x.perch"), "/lib/x.perch");
}

TEST(ImportPaths, an_absolute_path_stays) {
  EXPECT_EQ(ImportPaths::key("/opt/x.perch"), "/opt/x.perch");
  EXPECT_EQ(ImportPaths("/srv").real("/opt/x.perch"), "/opt/x.perch");
}

TEST(ImportPaths, a_name_stands_for_its_value) {
  ImportPaths paths("/srv");
  const std::string home = paths.name("home", "/home/ada", true);
  const std::string user = paths.name("USER", "ada", false);
  EXPECT_EQ(paths.real(home + "/lib.perch"), "/home/ada/lib.perch");
  EXPECT_EQ(paths.real(below("lib-" + user + ".perch")), "/srv/lib-ada.perch");
  EXPECT_EQ(ImportPaths::key(home + "/lib.perch"), "/${home}/lib.perch");
  EXPECT_EQ(ImportPaths::key(below("lib-" + user + ".perch")), "lib-${USER}.perch");
  EXPECT_TRUE(ImportPaths::uses_absolute("/${home}/lib.perch", "home"));
  EXPECT_FALSE(ImportPaths::uses_absolute("lib-${USER}.perch", "USER"));
}

TEST(ImportPaths, a_value_that_holds_its_own_name_is_put_in_once) {
  ImportPaths paths("/srv");
  const std::string name = paths.name("A", "${A}x", false);
  EXPECT_EQ(paths.real(below(name)), "/srv/${A}x");
}

} // namespace
} // namespace perch::bundle
