#include "base/error_kinds.h"
#include "sys/os_error.h"
#include "sys/signal_names.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace perch::sys {
namespace {

TEST(SignalNames, go_both_ways) {
  for (int number = 1; number < SIGSYS; ++number) {
    EXPECT_EQ(signal_number(signal_name(number)), number) << signal_name(number);
  }
}

TEST(SignalNames, are_read_with_and_without_SIG_in_any_case) {
  EXPECT_EQ(signal_number("SIGTERM"), SIGTERM);
  EXPECT_EQ(signal_number("term"), SIGTERM);
  EXPECT_EQ(signal_number("sigInt"), SIGINT);
  EXPECT_EQ(signal_number("SIGNOSUCH"), std::nullopt);
  EXPECT_EQ(signal_number(""), std::nullopt);
  EXPECT_EQ(signal_number("15"), std::nullopt);
}

TEST(SignalNames, have_words_for_numbers_without_a_name) {
  EXPECT_EQ(signal_name(SIGRTMIN), "SIGRTMIN");
  EXPECT_EQ(signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
  EXPECT_EQ(signal_name(200), "signal 200");
}

TEST(OsErrors, say_what_could_not_be_done_to_what_and_why) {
  Error error = os_fail(ENOENT, "open", "/a/b").error();
  EXPECT_EQ(error.kind, kind::kFileNotFound);
  EXPECT_EQ(error.message, "cannot open `/a/b`: no such file or directory");
  EXPECT_EQ(error.detail, "/a/b");
  EXPECT_EQ(error.code_name, "ENOENT");
}

TEST(OsErrors, leave_out_the_path_when_there_is_none) {
  EXPECT_EQ(os_fail(EMFILE, "make a pipe", "").error().message,
            "cannot make a pipe: too many open files");
}

TEST(OsErrors, have_the_kind_a_program_can_tell_apart) {
  EXPECT_EQ(os_fail(EACCES, "open", "x").error().kind, kind::kFilePermissionDenied);
  EXPECT_EQ(os_fail(EPERM, "open", "x").error().kind, kind::kFilePermissionDenied);
  EXPECT_EQ(os_fail(EROFS, "open", "x").error().kind, kind::kFilePermissionDenied);
  EXPECT_EQ(os_fail(EEXIST, "open", "x").error().kind, kind::kFileAlreadyExists);
  EXPECT_EQ(os_fail(ENOTDIR, "open", "x").error().kind, kind::kFileNotFound);
  EXPECT_EQ(os_fail(ENOSPC, "open", "x").error().kind, kind::kFileError);
}

TEST(OsErrors, keep_the_capitals_of_abbreviations) {
  EXPECT_EQ(os_words(EIO), "input/output error");
  EXPECT_EQ(os_words(EISDIR), "is a directory");
  EXPECT_EQ(os_words(EDOTDOT), "RFS specific error");
  EXPECT_EQ(os_words(4711), "error 4711");
}

} // namespace
} // namespace perch::sys
