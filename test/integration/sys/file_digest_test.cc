#include "support/temp_dir.h"
#include "sys/digest.h"
#include "sys/fd.h"
#include "sys/file_digest.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

namespace perch::sys {
namespace {

TEST(FileDigest, the_whole_file_counts_wherever_the_descriptor_stands) {
  const test::TempDir dir;
  const std::string path = dir / "f";
  test::write_file(path, "one\n");
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ::lseek(fd.get(), 2, SEEK_SET);
  EXPECT_EQ(digest_file(fd.get(), path)->sha256, hex_digest(DigestKind::Sha256, "one\n"));
  ASSERT_EQ(::pwrite(fd.get(), "two", 3, 0), 3);
  EXPECT_EQ(digest_file(fd.get(), path)->sha256, hex_digest(DigestKind::Sha256, "two\n"));
}

TEST(FileDigest, what_was_written_a_moment_ago_may_be_written_again_unseen) {
  const test::TempDir dir;
  const std::string path = dir / "f";
  test::write_file(path, "one\n");
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(may_have_changed(fd.get(), *digest_file(fd.get(), path)));
}

TEST(FileDigest, a_file_that_has_rested_changes_visibly) {
  const Fd fd(::open("/bin/sh", O_RDONLY | O_CLOEXEC));
  FileDigest digest = *digest_file(fd.get(), "/bin/sh");
  EXPECT_FALSE(may_have_changed(fd.get(), digest));
  digest.mark.changed_ns -= 1;
  EXPECT_TRUE(may_have_changed(fd.get(), digest));
}

TEST(FileDigest, what_cannot_be_read_is_an_error) {
  EXPECT_FALSE(digest_file(-1, "gone"));
  EXPECT_TRUE(may_have_changed(-1, FileDigest{.sha256 = {}, .mark = {}, .settled = true}));
}

} // namespace
} // namespace perch::sys
