#include "base/error_kinds.h"
#include "support/temp_dir.h"
#include "sys/append_file.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

namespace {

class AppendFileTest : public testing::Test {
protected:
  test::TempDir directory;
  std::string path = directory.path() + "/run.ndjson";
};

} // namespace

TEST_F(AppendFileTest, a_new_file_is_for_its_owner_only) {
  auto file = AppendFile::open(path, "run.ndjson");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->append("one\n"));
  EXPECT_TRUE(file->sync());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(test::read_file(path), "one\n");
}

TEST_F(AppendFileTest, what_is_there_stays_and_a_torn_line_is_ended) {
  test::write_file(path, "one\ntw");
  auto file = AppendFile::open(path, "run.ndjson");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->append("three\n"));
  EXPECT_TRUE(file->append("four\n"));
  EXPECT_EQ(test::read_file(path), "one\ntw\nthree\nfour\n");
}

TEST_F(AppendFileTest, two_writers_do_not_overwrite_each_other) {
  auto one = AppendFile::open(path, "a"), two = AppendFile::open(path, "a");
  ASSERT_TRUE(one && two);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(one->append("1\n"));
    EXPECT_TRUE(two->append("2\n"));
  }
  EXPECT_EQ(test::read_file(path), "1\n2\n1\n2\n1\n2\n");
}

TEST_F(AppendFileTest, a_removed_file_is_noticed) {
  auto file = AppendFile::open(path, "run.ndjson");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->append("one\n"));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  const Status gone = file->check();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().message, "cannot write to `run.ndjson`: it was removed");
}

TEST_F(AppendFileTest, a_file_that_was_cut_takes_no_more) {
  auto file = AppendFile::open(path, "run.ndjson");
  auto other = AppendFile::open(path, "run.ndjson");
  ASSERT_TRUE(file && other);
  EXPECT_TRUE(file->append("one\n"));
  EXPECT_TRUE(other->append("two\n"));
  EXPECT_TRUE(file->append("three\n"));
  EXPECT_TRUE(file->check());
  EXPECT_TRUE(file->append("four\n"));
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  const Status more = file->check();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().message, "cannot write to `run.ndjson`: somebody has cut it");
}

TEST_F(AppendFileTest, a_limit_on_files_is_named) {
  auto file = AppendFile::open(path, "run.ndjson");
  ASSERT_TRUE(file);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 6, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status whole = file->append("one\n"), part = file->append("two\n");
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_TRUE(whole);
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().message, "cannot write to `run.ndjson`: file too large");
}

TEST_F(AppendFileTest, a_full_disk_is_an_error) {
  auto file = AppendFile::open("/dev/full", "/dev/full");
  ASSERT_TRUE(file);
  const Status written = file->append("one\n");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write to `/dev/full`: no space left on device");
}

TEST_F(AppendFileTest, a_pipe_without_a_reader_is_not_waited_for) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto file = AppendFile::open(path, "run.ndjson");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "cannot write to `run.ndjson`: nobody reads that pipe");
}

TEST_F(AppendFileTest, a_pipe_with_a_reader_takes_lines) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  auto file = AppendFile::open(path, "run.ndjson");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->append("one\n"));
  EXPECT_TRUE(file->sync());
  char buffer[8];
  EXPECT_EQ(::read(reader.get(), buffer, sizeof buffer), 4);
}

TEST_F(AppendFileTest, a_directory_that_is_not_there_is_an_error) {
  const auto file = AppendFile::open(directory.path() + "/no/run.ndjson", "no/run.ndjson");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, kind::kFileNotFound);
}

} // namespace perch::sys
