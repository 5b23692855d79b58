#include "base/error_kinds.h"
#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace perch::sys {
namespace {

using test::exists;
using test::mode_of;
using test::read_file;
using test::write_file;

class Replace : public testing::Test {
protected:
  Replace() { ::umask(022); }
  Result<std::unique_ptr<PendingReplace>> start(const std::string& path, std::uint32_t mode = 0644,
                                                Final final = Final::Follow) {
    auto spot = fs->locate(path, final);
    EXPECT_TRUE(spot);
    return fs->replace(*spot, mode);
  }
  void replace(const std::string& path, std::string_view bytes, std::uint32_t mode = 0644) {
    auto pending = start(path, mode);
    ASSERT_TRUE(pending) << pending.error().message;
    EXPECT_TRUE((*pending)->write(bytes));
    auto done = (*pending)->commit();
    EXPECT_TRUE(done) << done.error().message;
  }

  test::TempDir dir;
  std::unique_ptr<Fs> fs = real_fs();
};

TEST_F(Replace, makes_a_new_file_with_the_mode_asked_for) {
  replace(dir / "f", "text", 0600);
  EXPECT_EQ(read_file(dir / "f"), "text");
  EXPECT_EQ(mode_of(dir / "f"), 0600u);
  EXPECT_EQ(test::entries_in(dir.path()), 1);
}

TEST_F(Replace, keeps_the_mode_and_owner_of_the_old_file) {
  write_file(dir / "f", "old", 0750);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown((dir / "f").c_str(), 1234, 4321), 0);
  }
  struct stat before{}, after{};
  ::stat((dir / "f").c_str(), &before);
  replace(dir / "f", "new", 0644);
  ::stat((dir / "f").c_str(), &after);
  EXPECT_EQ(read_file(dir / "f"), "new");
  EXPECT_EQ(mode_of(dir / "f"), 0750u);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
  EXPECT_NE(after.st_ino, before.st_ino) << "a reader of the old file keeps the old text";
}

TEST_F(Replace, shows_the_old_file_until_the_commit) {
  write_file(dir / "f", "old");
  auto pending = start(dir / "f");
  ASSERT_TRUE((*pending)->write("new"));
  EXPECT_EQ(read_file(dir / "f"), "old");
  ASSERT_TRUE((*pending)->commit());
  EXPECT_EQ(read_file(dir / "f"), "new");
}

TEST_F(Replace, leaves_nothing_when_dropped) {
  write_file(dir / "f", "old");
  {
    auto old = start(dir / "f");
    auto fresh = start(dir / "g");
    ASSERT_TRUE((*old)->write("half"));
    ASSERT_TRUE((*fresh)->write("half"));
  }
  EXPECT_EQ(read_file(dir / "f"), "old");
  EXPECT_EQ(test::entries_in(dir.path()), 1);
}

// As on a full disk, a limit on file sizes fails a write half way; SIGXFSZ must not end us.
TEST_F(Replace, leaves_the_old_file_when_a_write_fails_half_way) {
  write_file(dir / "f", "old");
  auto root = CancelToken::root();
  SignalGuard guard(*root);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  Status written;
  {
    auto pending = start(dir / "f");
    written = (*pending)->write(std::string(5000, 'x'));
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, kind::kFileError);
  EXPECT_EQ(written.error().message, "cannot write to `" + (dir / "f") + "`: file too large");
  EXPECT_EQ(read_file(dir / "f"), "old");
  EXPECT_EQ(test::entries_in(dir.path()), 1);
}

TEST_F(Replace, writes_to_devices_instead_of_replacing_them) {
  replace("/dev/null", "text");
  struct stat status{};
  ::stat("/dev/null", &status);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
  auto full = start("/dev/full");
  ASSERT_TRUE(full);
  auto written = (*full)->write("text");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write to `/dev/full`: no space left on device");
}

TEST_F(Replace, writes_to_a_named_pipe) {
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] {
    Fd fd(::open((dir / "pipe").c_str(), O_RDONLY));
    got = read_all(fd.get(), 100, "pipe").value();
  });
  replace(dir / "pipe", "through");
  reader.join();
  EXPECT_EQ(got, "through");
}

TEST_F(Replace, replaces_what_a_link_leads_to_and_keeps_the_link) {
  write_file(dir / "target", "old");
  test::make_link("target", dir / "link");
  replace(dir / "link", "new");
  EXPECT_EQ(read_file(dir / "target"), "new");
  auto spot = fs->locate(dir / "link", Final::NoFollow);
  EXPECT_EQ(spot->info.type, NodeType::Symlink);
}

TEST_F(Replace, refuses_directories_links_and_missing_parents) {
  test::make_directory(dir / "d");
  test::make_link("nowhere", dir / "link");
  EXPECT_EQ(start(dir / "d").error().code_name, "EISDIR");
  EXPECT_EQ(start(dir / "link", 0644, Final::NoFollow).error().code_name, "ELOOP");
  EXPECT_EQ(start(dir / "x/f").error().kind, kind::kFileNotFound);
  EXPECT_EQ(start("/").error().code_name, "EISDIR");
  EXPECT_EQ(test::entries_in(dir.path()), 2);
}

TEST_F(Replace, does_not_replace_a_file_it_may_not_write) {
  ::chmod(dir.path().c_str(), 0777);
  write_file(dir / "f", "old", 0444);
  test::WithoutRoot user;
  auto pending = start(dir / "f");
  ASSERT_FALSE(pending);
  EXPECT_EQ(pending.error().kind, kind::kFilePermissionDenied);
}

TEST_F(Replace, says_that_it_needs_the_directory) {
  ::chmod(dir.path().c_str(), 0755);
  write_file(dir / "f", "old", 0666);
  test::WithoutRoot user;
  auto pending = start(dir / "f");
  if (::geteuid() == ::getuid()) {
    GTEST_SKIP() << "the directory belongs to this user";
  }
  ASSERT_FALSE(pending);
  EXPECT_EQ(pending.error().kind, kind::kFilePermissionDenied);
  EXPECT_EQ(pending.error().help, "replacing a file needs write permission for its directory");
}

TEST_F(Replace, keeps_no_bits_that_would_act_for_an_owner_it_cannot_give) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "needs a file of somebody else";
  ::chmod(dir.path().c_str(), 0777);
  write_file(dir / "f", "old", 04777);
  {
    test::WithoutRoot user;
    replace(dir / "f", "new");
  }
  EXPECT_EQ(mode_of(dir / "f"), 0777u);
}

} // namespace
} // namespace perch::sys
