#include "base/error_kinds.h"
#include "base/text.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {
namespace {

using test::exists;
using test::make_directory;
using test::make_link;
using test::mode_of;
using test::write_file;

class RealFsTest : public testing::Test {
protected:
  RealFsTest() { ::umask(022); }
  Spot at(const std::string& path, Final final = Final::Follow) {
    auto spot = fs->locate(path, final);
    EXPECT_TRUE(spot) << spot.error().message;
    return std::move(*spot);
  }
  std::string read(const Spot& spot) {
    auto fd = fs->open(spot, Access::Read, 0);
    if (!fd)
      return "error: " + fd.error().message;
    return read_all(fd->get(), 1 << 20, spot.real).value();
  }
  void write(const Spot& spot, Access access, std::string_view bytes) {
    auto fd = fs->open(spot, access, 0644);
    ASSERT_TRUE(fd) << fd.error().message;
    EXPECT_TRUE(write_all(fd->get(), bytes, spot.real));
  }

  test::TempDir dir;
  std::unique_ptr<Fs> fs = real_fs();
};

TEST_F(RealFsTest, writing_replaces_and_appending_adds) {
  write(at(dir / "f"), Access::Write, "long text");
  write(at(dir / "f"), Access::Write, "short");
  EXPECT_EQ(read(at(dir / "f")), "short");
  write(at(dir / "f"), Access::Append, " and more");
  EXPECT_EQ(read(at(dir / "f")), "short and more");
  EXPECT_EQ(mode_of(dir / "f"), 0644u);
}

TEST_F(RealFsTest, a_new_file_has_the_mode_asked_for_less_the_umask) {
  ASSERT_TRUE(fs->open(at(dir / "f"), Access::Write, 0777));
  EXPECT_EQ(mode_of(dir / "f"), 0755u);
}

TEST_F(RealFsTest, opening_what_is_missing_is_file_not_found) {
  for (const char* name : {"f", "missing/f"}) {
    auto fd = fs->open(at(dir / name), Access::Read, 0);
    ASSERT_FALSE(fd);
    EXPECT_EQ(fd.error().kind, kind::kFileNotFound);
    EXPECT_EQ(fd.error().detail, dir / name);
  }
}

TEST_F(RealFsTest, writing_below_a_missing_directory_names_the_way_out) {
  auto fd = fs->open(at(dir / "missing/f"), Access::Write, 0644);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().kind, kind::kFileNotFound);
  EXPECT_EQ(fd.error().message, "cannot write to `" + (dir / "missing/f") +
                                    "`: no such file or directory: its directory does not exist");
  EXPECT_EQ(fd.error().help, "make the directory first");
}

TEST_F(RealFsTest, a_last_link_is_never_opened) {
  write_file(dir / "target", "secret");
  make_link("target", dir / "link");
  Spot link = at(dir / "link", Final::NoFollow);
  for (Access access : {Access::Read, Access::Write, Access::Append}) {
    auto fd = fs->open(link, access, 0644);
    ASSERT_FALSE(fd);
    EXPECT_NE(fd.error().message.find("it is a symbolic link"), std::string::npos);
  }
  EXPECT_EQ(test::read_file(dir / "target"), "secret");
}

TEST_F(RealFsTest, a_directory_cannot_be_written) {
  auto fd = fs->open(at(dir.path()), Access::Write, 0644);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code_name, "EISDIR");
}

TEST_F(RealFsTest, a_descriptor_does_not_reach_programs) {
  write_file(dir / "f", "");
  auto fd = fs->open(at(dir / "f"), Access::Read, 0);
  ASSERT_TRUE(fd);
  EXPECT_EQ(::fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(RealFsTest, listing_names_everything_with_its_type) {
  write_file(dir / "file", "");
  write_file(dir / ".hidden", "");
  make_directory(dir / "directory");
  make_link("directory", dir / "link");
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  auto entries = fs->list(at(dir.path()));
  ASSERT_TRUE(entries);
  std::ranges::sort(*entries);
  std::vector<std::pair<std::string, NodeType>> expected = {{".hidden", NodeType::Regular},
                                                            {"directory", NodeType::Directory},
                                                            {"file", NodeType::Regular},
                                                            {"link", NodeType::Symlink},
                                                            {"pipe", NodeType::Other}};
  EXPECT_EQ(*entries, expected);
}

TEST_F(RealFsTest, listing_the_root_directory_works) {
  auto entries = fs->list(at("/"));
  ASSERT_TRUE(entries);
  EXPECT_NE(
      std::ranges::find(*entries, std::pair<std::string, NodeType>("etc", NodeType::Directory)),
      entries->end());
}

TEST_F(RealFsTest, listing_what_is_no_directory_fails) {
  write_file(dir / "f", "");
  EXPECT_EQ(fs->list(at(dir / "f")).error().code_name, "ENOTDIR");
  EXPECT_EQ(fs->list(at(dir / "none")).error().kind, kind::kFileNotFound);
}

TEST_F(RealFsTest, a_link_is_read_as_it_is_written) {
  make_link("../some/../where", dir / "link");
  EXPECT_EQ(fs->read_link(at(dir / "link", Final::NoFollow)).value(), "../some/../where");
  write_file(dir / "f", "");
  EXPECT_EQ(fs->read_link(at(dir / "f")).error().message,
            "`" + (dir / "f") + "` is not a symbolic link");
}

TEST_F(RealFsTest, directories_are_made_with_all_their_parents) {
  ASSERT_TRUE(fs->make_directories(at(dir / "a/b/c"), 0755));
  EXPECT_EQ(at(dir / "a/b/c").info.type, NodeType::Directory);
  EXPECT_EQ(mode_of(dir / "a/b/c"), 0755u);
  EXPECT_TRUE(fs->make_directories(at(dir / "a/b/c"), 0700)) << "what is there is fine";
  EXPECT_EQ(mode_of(dir / "a/b/c"), 0755u);
}

TEST_F(RealFsTest, a_file_in_the_way_of_a_directory_is_already_there) {
  write_file(dir / "f", "");
  auto made = fs->make_directories(at(dir / "f"), 0755);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, kind::kFileAlreadyExists);
}

TEST_F(RealFsTest, a_link_put_in_the_way_of_new_directories_is_not_followed) {
  make_directory(dir / "outside");
  Spot spot = at(dir / "a/b/c");
  make_link("outside", dir / "a");
  EXPECT_FALSE(fs->make_directories(spot, 0755));
  EXPECT_EQ(test::entries_in(dir / "outside"), 0);
}

TEST_F(RealFsTest, renaming_moves_and_replaces) {
  write_file(dir / "a", "new");
  write_file(dir / "b", "old");
  ASSERT_TRUE(fs->rename(at(dir / "a"), at(dir / "b")));
  EXPECT_FALSE(exists(dir / "a"));
  EXPECT_EQ(test::read_file(dir / "b"), "new");
}

TEST_F(RealFsTest, renaming_a_link_moves_the_link) {
  write_file(dir / "target", "");
  make_link("target", dir / "a");
  ASSERT_TRUE(fs->rename(at(dir / "a", Final::NoFollow), at(dir / "b", Final::NoFollow)));
  EXPECT_EQ(at(dir / "b", Final::NoFollow).info.type, NodeType::Symlink);
  EXPECT_TRUE(exists(dir / "target"));
}

TEST_F(RealFsTest, renaming_across_devices_says_so) {
  test::TempDir other("/dev/shm");
  write_file(dir / "a", "text");
  auto moved = fs->rename(at(dir / "a"), at(other / "a"));
  ASSERT_FALSE(moved) << "/tmp and /dev/shm are expected to be different devices";
  EXPECT_EQ(moved.error().kind, kind::kFileError);
  EXPECT_EQ(moved.error().code_name, "EXDEV");
  EXPECT_EQ(moved.error().message, "cannot rename `" + (dir / "a") + "` to `" + (other / "a") +
                                       "`: cross-device, they are on different file systems");
  EXPECT_TRUE(exists(dir / "a"));
  EXPECT_FALSE(exists(other / "a"));
}

TEST_F(RealFsTest, renaming_into_a_missing_directory_fails) {
  write_file(dir / "a", "");
  EXPECT_EQ(fs->rename(at(dir / "a"), at(dir / "x/y")).error().kind, kind::kFileNotFound);
  EXPECT_EQ(fs->rename(at(dir / "none"), at(dir / "b")).error().kind, kind::kFileNotFound);
}

TEST_F(RealFsTest, a_link_is_made_but_never_over_something) {
  ASSERT_TRUE(fs->symlink("../x", at(dir / "link", Final::NoFollow)));
  EXPECT_EQ(fs->read_link(at(dir / "link", Final::NoFollow)).value(), "../x");
  auto again = fs->symlink("y", at(dir / "link", Final::NoFollow));
  EXPECT_EQ(again.error().kind, kind::kFileAlreadyExists);
  EXPECT_EQ(fs->symlink(std::string_view("a\0b", 3), at(dir / "other")).error().kind,
            kind::kBadArgument);
  EXPECT_FALSE(exists(dir / "other"));
}

TEST_F(RealFsTest, a_mode_is_set_on_the_place_and_never_through_a_link) {
  write_file(dir / "f", "");
  make_link("f", dir / "link");
  ASSERT_TRUE(fs->set_mode(at(dir / "link"), 0600));
  EXPECT_EQ(mode_of(dir / "f"), 0600u);
  auto status = fs->set_mode(at(dir / "link", Final::NoFollow), 0777);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("it is a symbolic link"), std::string::npos);
  EXPECT_EQ(mode_of(dir / "f"), 0600u);
}

TEST_F(RealFsTest, touching_makes_a_file_or_its_time_now) {
  ASSERT_TRUE(fs->touch(at(dir / "f")));
  EXPECT_TRUE(exists(dir / "f"));
  timespec old[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (dir / "f").c_str(), old, 0), 0);
  ASSERT_EQ(at(dir / "f").info.mtime_ns, 1'000'000'000);
  write(at(dir / "f"), Access::Append, "");
  ASSERT_TRUE(fs->touch(at(dir / "f")));
  EXPECT_GT(at(dir / "f").info.mtime_ns, 1'600'000'000'000'000'000);
}

TEST_F(RealFsTest, touching_below_a_missing_directory_fails) {
  EXPECT_EQ(fs->touch(at(dir / "x/y")).error().kind, kind::kFileNotFound);
  EXPECT_FALSE(exists(dir / "x"));
}

TEST_F(RealFsTest, reading_stops_at_the_limit) {
  write_file(dir / "f", "12345");
  auto fd = fs->open(at(dir / "f"), Access::Read, 0);
  auto text = read_all(fd->get(), 4, "f");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, kind::kOutputTooLarge);
  EXPECT_EQ(text.error().message, "`f` has more than 4 bytes");
  fd = fs->open(at(dir / "f"), Access::Read, 0);
  EXPECT_EQ(read_all(fd->get(), 5, "f").value(), "12345");
}

TEST_F(RealFsTest, reading_takes_any_limit) {
  write_file(dir / "f", "12345");
  auto fd = fs->open(at(dir / "f"), Access::Read, 0);
  EXPECT_EQ(read_all(fd->get(), UINT64_MAX, "f").value(), "12345");
  fd = fs->open(at(dir / "f"), Access::Read, 0);
  EXPECT_FALSE(read_all(fd->get(), 0, "f"));
}

TEST_F(RealFsTest, reading_a_file_takes_no_more_memory_than_it_has_bytes) {
  write_file(dir / "f", std::string(1 << 20, 'x'));
  auto fd = fs->open(at(dir / "f"), Access::Read, 0);
  std::string text = read_all(fd->get(), UINT64_MAX, "f").value();
  EXPECT_EQ(text.size(), 1u << 20);
  EXPECT_LE(text.capacity(), (1u << 20) + 16);
}

TEST_F(RealFsTest, files_that_do_not_know_their_size_are_read_to_the_end) {
  std::string text = read(at("/proc/self/status"));
  EXPECT_TRUE(text.starts_with("Name:"));
  EXPECT_EQ(read(at("/dev/null")), "");
  auto zeros = fs->open(at("/dev/zero"), Access::Read, 0);
  EXPECT_EQ(read_all(zeros->get(), 1 << 20, "zeros").error().kind, kind::kOutputTooLarge);
}

TEST_F(RealFsTest, reading_a_directory_says_what_it_is) {
  auto fd = fs->open(at(dir.path()), Access::Read, 0);
  ASSERT_TRUE(fd);
  EXPECT_EQ(read_all(fd->get(), 100, dir.path()).error().message,
            "cannot read `" + dir.path() + "`: is a directory");
}

} // namespace
} // namespace perch::sys
