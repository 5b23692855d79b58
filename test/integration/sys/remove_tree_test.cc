#include "base/error_kinds.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {
namespace {

using test::exists;
using test::make_directory;
using test::make_link;
using test::write_file;

class RemoveTree : public testing::Test {
protected:
  Status remove(const std::string& path) {
    auto spot = fs->locate(path, Final::NoFollow);
    if (!spot)
      return std::unexpected(spot.error());
    return fs->remove_tree(*spot);
  }

  test::TempDir dir;
  std::unique_ptr<Fs> fs = real_fs();
};

TEST_F(RemoveTree, removes_files_links_and_everything_below_a_directory) {
  write_file(dir / "f", "");
  make_link("f", dir / "link");
  make_directory(dir / "d/e/f");
  make_directory(dir / "d/empty");
  write_file(dir / "d/a", "");
  write_file(dir / "d/e/f/b", "");
  ASSERT_EQ(::mkfifo((dir / "d/pipe").c_str(), 0600), 0);
  ASSERT_TRUE(remove(dir / "link"));
  EXPECT_TRUE(exists(dir / "f"));
  ASSERT_TRUE(remove(dir / "f"));
  ASSERT_TRUE(remove(dir / "d"));
  EXPECT_EQ(test::entries_in(dir.path()), 0);
}

TEST_F(RemoveTree, is_content_with_what_is_missing) {
  EXPECT_TRUE(remove(dir / "none"));
  EXPECT_TRUE(remove(dir / "none/at/all"));
}

TEST_F(RemoveTree, never_goes_through_a_link) {
  make_directory(dir / "outside");
  write_file(dir / "outside/precious", "");
  make_directory(dir / "d");
  make_link("../outside", dir / "d/relative");
  make_link(dir / "outside", dir / "d/absolute");
  ASSERT_TRUE(remove(dir / "d"));
  EXPECT_TRUE(exists(dir / "outside/precious"));
}

TEST_F(RemoveTree, takes_trees_deeper_than_a_path_can_name) {
  constexpr int kDepth = 3'000;
  make_directory(dir / "d");
  Fd at(::open((dir / "d").c_str(), O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "deeper", 0755), 0);
    if (i % 1000 == 0) {
      Fd file(::openat(at.get(), "file", O_WRONLY | O_CREAT, 0644));
    }
    at = Fd(::openat(at.get(), "deeper", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(at);
  }
  ASSERT_TRUE(remove(dir / "d"));
  EXPECT_EQ(test::entries_in(dir.path()), 0);
}

TEST_F(RemoveTree, takes_directories_with_very_many_entries) {
  make_directory(dir / "d");
  for (int i = 0; i < 5000; ++i)
    write_file(dir / ("d/" + std::to_string(i)), "");
  for (int i = 0; i < 500; ++i)
    make_directory(dir / ("d/dir" + std::to_string(i)));
  ASSERT_TRUE(remove(dir / "d"));
  EXPECT_FALSE(exists(dir / "d"));
}

TEST_F(RemoveTree, refuses_the_root_directory) {
  auto removed = remove("/");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code_name, "EBUSY");
}

TEST_F(RemoveTree, names_what_it_may_not_remove) {
  ::chmod(dir.path().c_str(), 0777);
  make_directory(dir / "d/e");
  write_file(dir / "d/e/f", "");
  ::chmod((dir / "d").c_str(), 0777);
  ::chmod((dir / "d/e").c_str(), 0555);
  test::WithoutRoot user;
  auto removed = remove(dir / "d");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind, kind::kFilePermissionDenied);
  EXPECT_EQ(removed.error().detail, dir / "d/e/f");
}

} // namespace
} // namespace perch::sys
