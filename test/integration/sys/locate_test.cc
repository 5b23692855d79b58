#include "base/error_kinds.h"
#include "base/text.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {
namespace {

using test::make_directory;
using test::make_link;
using test::write_file;

class Locate : public testing::Test {
protected:
  Result<Spot> at(const std::string& path, Final final = Final::Follow) {
    return fs->locate(path, final);
  }
  std::string real(const std::string& path, Final final = Final::Follow) {
    auto spot = at(path, final);
    if (!spot)
      return "error: " + spot.error().message;
    return spot->real;
  }

  test::TempDir dir;
  std::unique_ptr<Fs> fs = real_fs();
};

TEST_F(Locate, finds_a_file_as_an_entry_of_its_directory) {
  write_file(dir / "a", "12345");
  auto spot = at(dir / "a");
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->rest, "a");
  EXPECT_EQ(spot->real, dir / "a");
  EXPECT_EQ(spot->info.type, NodeType::Regular);
  EXPECT_EQ(spot->info.size, 5u);
  EXPECT_EQ(spot->info.mode, 0644u);
}

TEST_F(Locate, finds_the_root_directory_as_itself) {
  for (const char* path : {"/", "//", "/.", "/..", "/../.."}) {
    auto spot = at(path);
    ASSERT_TRUE(spot) << path;
    EXPECT_EQ(spot->rest, ".");
    EXPECT_EQ(spot->real, "/");
    EXPECT_EQ(spot->info.type, NodeType::Directory);
  }
}

TEST_F(Locate, keeps_missing_parents_as_the_rest) {
  auto spot = at(dir / "x/y/z");
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->rest, "x/y/z");
  EXPECT_EQ(spot->real, dir / "x/y/z");
  EXPECT_EQ(spot->info.type, NodeType::Missing);
}

TEST_F(Locate, refuses_dots_below_what_is_missing) {
  auto spot = at(dir / "x/../y");
  ASSERT_FALSE(spot);
  EXPECT_EQ(spot.error().kind, kind::kFileNotFound);
}

TEST_F(Locate, resolves_links_in_the_middle_and_at_the_end) {
  make_directory(dir / "real/sub");
  write_file(dir / "real/sub/f", "");
  make_link("real", dir / "relative");
  make_link(dir / "real", dir / "absolute");
  make_link("sub/../sub/./f", dir / "real/f");
  EXPECT_EQ(real(dir / "relative/sub/f"), dir / "real/sub/f");
  EXPECT_EQ(real(dir / "absolute/f"), dir / "real/sub/f");
  EXPECT_EQ(real(dir / "relative"), dir / "real");
}

TEST_F(Locate, leaves_a_last_link_alone_when_asked) {
  make_link("nowhere", dir / "link");
  auto spot = at(dir / "link", Final::NoFollow);
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->real, dir / "link");
  EXPECT_EQ(spot->info.type, NodeType::Symlink);
}

TEST_F(Locate, follows_a_last_link_with_a_slash_behind_it) {
  make_directory(dir / "d");
  make_link("d", dir / "link");
  EXPECT_EQ(real(dir / "link/", Final::NoFollow), dir / "d");
  EXPECT_EQ(real(dir / "link/.", Final::NoFollow), dir / "d");
}

TEST_F(Locate, refuses_a_slash_behind_a_file) {
  write_file(dir / "f", "");
  make_link("f", dir / "link");
  make_link("f/", dir / "slash");
  for (const char* name : {"f/", "f/.", "link/", "f/x", "link/x", "slash"}) {
    auto spot = at(dir / name);
    ASSERT_FALSE(spot) << name;
    EXPECT_EQ(spot.error().kind, kind::kFileNotFound) << name;
    EXPECT_NE(spot.error().message.find("is not a directory"), std::string::npos) << name;
  }
}

TEST_F(Locate, goes_to_where_a_dangling_link_points) {
  make_link("missing/deep", dir / "link");
  auto spot = at(dir / "link");
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->real, dir / "missing/deep");
  EXPECT_EQ(spot->info.type, NodeType::Missing);
}

TEST_F(Locate, takes_the_parent_of_where_a_link_leads_for_dots_behind_it) {
  make_directory(dir / "a/b");
  make_directory(dir / "c");
  write_file(dir / "a/f", "");
  make_link("../a/b", dir / "c/link");
  EXPECT_EQ(real(dir / "c/link/../f"), dir / "a/f");
  EXPECT_EQ(real(dir / "c/link/.."), dir / "a");
  EXPECT_EQ(real(dir / "c/link/../../c"), dir / "c");
}

TEST_F(Locate, stops_at_forty_links) {
  write_file(dir / "0", "");
  for (int i = 1; i <= 41; ++i) {
    make_link(base::cat(i - 1), dir / base::cat(i));
  }
  EXPECT_EQ(real(dir / "40"), dir / "0");
  auto spot = at(dir / "41");
  ASSERT_FALSE(spot);
  EXPECT_EQ(spot.error().kind, kind::kFileError);
  EXPECT_EQ(spot.error().code_name, "ELOOP");
}

TEST_F(Locate, ends_on_a_circle_of_links) {
  make_link("b", dir / "a");
  make_link("a", dir / "b");
  make_link("self/self/self", dir / "self");
  EXPECT_EQ(at(dir / "a").error().code_name, "ELOOP");
  EXPECT_EQ(at(dir / "self").error().code_name, "ELOOP");
  EXPECT_EQ(at(dir / "a/x").error().code_name, "ELOOP");
}

TEST_F(Locate, refuses_links_into_processes) {
  for (const char* path : {"/proc/self/root/etc", "/proc/self/cwd", "/proc/self/exe",
                           "/proc/self/fd/0", "/proc/thread-self/root", "/dev/fd/0"}) {
    auto spot = at(path);
    ASSERT_FALSE(spot) << path << " is " << spot->real;
    EXPECT_EQ(spot.error().kind, kind::kFilePermissionDenied) << path;
    EXPECT_NE(spot.error().message.find("link into a running process"), std::string::npos);
  }
}

TEST_F(Locate, follows_the_ordinary_links_of_procfs) {
  EXPECT_EQ(real("/proc/self/status"), base::cat("/proc/", ::getpid(), "/status"));
  EXPECT_EQ(real("/proc/mounts"), base::cat("/proc/", ::getpid(), "/mounts"));
}

TEST_F(Locate, refuses_a_NUL_byte) {
  auto spot = at(dir / std::string_view("a\0b", 3));
  ASSERT_FALSE(spot);
  EXPECT_EQ(spot.error().kind, kind::kBadArgument);
}

TEST_F(Locate, walks_paths_longer_than_the_kernel_takes) {
  std::string path = dir.path();
  for (int i = 0; i < 100; ++i)
    path += "/" + std::string(100, 'd');
  auto spot = at(path);
  ASSERT_TRUE(spot);
  ASSERT_TRUE(fs->make_directories(*spot, 0755));
  EXPECT_EQ(real(path + "/x"), path + "/x");
  std::string up = path;
  for (int i = 0; i < 100; ++i)
    up += "/..";
  EXPECT_EQ(real(up), dir.path());
}

TEST_F(Locate, says_which_name_is_too_long) {
  auto spot = at(dir / std::string(300, 'n'));
  ASSERT_FALSE(spot);
  EXPECT_EQ(spot.error().kind, kind::kFileError);
  EXPECT_EQ(spot.error().code_name, "ENAMETOOLONG");
}

TEST_F(Locate, is_denied_where_it_may_not_search) {
  make_directory(dir / "closed/inner");
  write_file(dir / "closed/f", "");
  ::chmod((dir / "closed").c_str(), 0);
  ::chmod(dir.path().c_str(), 0755);
  test::WithoutRoot user;
  for (const char* name : {"closed/f", "closed/inner/x", "closed/none"}) {
    auto spot = at(dir / name);
    ASSERT_FALSE(spot) << name;
    EXPECT_EQ(spot.error().kind, kind::kFilePermissionDenied) << name;
  }
  EXPECT_EQ(real(dir / "closed"), dir / "closed");
}

TEST_F(Locate, needs_no_right_to_list_on_the_way) {
  make_directory(dir / "only_search");
  write_file(dir / "only_search/f", "");
  ::chmod((dir / "only_search").c_str(), 0111);
  ::chmod(dir.path().c_str(), 0755);
  test::WithoutRoot user;
  EXPECT_EQ(real(dir / "only_search/f"), dir / "only_search/f");
}

TEST_F(Locate, leaks_no_descriptor) {
  make_directory(dir / "a/b/c");
  make_link("../a/b", dir / "a/link");
  auto count = [] { return test::entries_in("/proc/self/fd"); };
  int before = count();
  for (int i = 0; i < 100; ++i) {
    (void)at(dir / "a/link/c/../c/x/y");
    (void)at(dir / "a/none/../x");
  }
  EXPECT_EQ(count(), before);
}

} // namespace
} // namespace perch::sys
