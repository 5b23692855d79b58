// Programs that cannot be started, and what is said about each.

#include "base/error_kinds.h"
#include "base/text.h"
#include "integration/lane/process/run_child.h"
#include "lane/process/start_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <elf.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace perch::lane {
namespace {

using test::shell;
using test::write_file;

class StartErrors : public testing::Test {
protected:
  Error start(const std::string& program) {
    ChildSpec spec = shell("");
    spec.program = program;
    spec.argv = {program};
    return start(spec);
  }
  Error start(const ChildSpec& spec) {
    auto job = lane->start(spec);
    if (job) {
      ADD_FAILURE() << "it started";
      return {};
    }
    return job.error();
  }
  std::string why(const std::string& program) {
    std::string message = start(program).message, begin = "cannot start `" + program + "`: ";
    EXPECT_TRUE(message.starts_with(begin)) << message;
    return message.substr(std::min(begin.size(), message.size()));
  }

  test::TempDir dir;
  std::unique_ptr<ProcessLane> lane = make_process_lane();
};

TEST_F(StartErrors, a_missing_program) {
  Error error = start(dir / "none");
  EXPECT_EQ(error.kind, kind::kBinNotFound);
  EXPECT_EQ(error.detail, dir / "none");
  EXPECT_EQ(why(dir / "none"), "there is no such file");
  write_file(dir / "file", "");
  EXPECT_EQ(start(dir / "file/x").kind, kind::kBinNotFound);
}

TEST_F(StartErrors, a_script_whose_interpreter_is_missing) {
  write_file(dir / "s", "#! /no/such/zsh -f\necho\n", 0755);
  EXPECT_EQ(start(dir / "s").kind, kind::kBinNotFound);
  EXPECT_EQ(why(dir / "s"), "its `#!` line names `/no/such/zsh`, which does not exist");
  EXPECT_EQ(start(dir / "s").help,
            "install that interpreter, or correct the first line of the script");
}

TEST_F(StartErrors, a_script_with_Windows_line_ends) {
  write_file(dir / "s", "#!/bin/sh\r\necho\r\n", 0755);
  EXPECT_EQ(why(dir / "s"), "its `#!` line ends in a carriage return");
  EXPECT_EQ(start(dir / "s").help, "save the script with Unix line ends");
}

TEST_F(StartErrors, a_program_whose_loader_is_missing) {
  std::string program = test::read_file("/bin/true");
  std::string loader(elf_loader(program));
  ASSERT_FALSE(loader.empty());
  program.replace(program.find(loader), 5, "/none");
  write_file(dir / "p", program, 0755);
  Error error = start(dir / "p");
  EXPECT_EQ(error.kind, kind::kBinNotFound);
  EXPECT_EQ(why(dir / "p"), base::cat("it needs the program loader `/none", loader.substr(5),
                                      "`, which does not exist"));
  EXPECT_NE(error.help, "");
}

TEST_F(StartErrors, a_text_without_an_interpreter) {
  write_file(dir / "s", "echo hello\n", 0755);
  Error error = start(dir / "s");
  EXPECT_EQ(error.kind, kind::kFileError);
  EXPECT_EQ(why(dir / "s"), "not an executable format; a script needs a `#!` line");
  EXPECT_EQ(error.help, "begin the script with a line like `#!/bin/sh`");
}

TEST_F(StartErrors, programs_of_other_systems) {
  write_file(dir / "empty", "", 0755);
  EXPECT_EQ(why(dir / "empty"), "it is empty");
  write_file(dir / "windows", "MZ\x90", 0755);
  EXPECT_EQ(why(dir / "windows"), "it is a Windows program");
  write_file(dir / "mac", "\xcf\xfa\xed\xfe....", 0755);
  EXPECT_EQ(why(dir / "mac"), "it is a macOS program");
  write_file(dir / "wasm", std::string_view("\0asm\1\0\0\0", 8), 0755);
  EXPECT_EQ(why(dir / "wasm"), "it is a WebAssembly module; run it with `wasm_run`");
  std::string program = test::read_file("/bin/true");
  program[offsetof(Elf64_Ehdr, e_machine)] = EM_S390;
  program[offsetof(Elf64_Ehdr, e_machine) + 1] = 0;
  write_file(dir / "other", program, 0755);
  EXPECT_EQ(why(dir / "other"), "it is not a program for this processor or system (s390)");
}

TEST_F(StartErrors, what_is_not_executable) {
  write_file(dir / "a file", "#!/bin/sh\n", 0644);
  Error error = start(dir / "a file");
  EXPECT_EQ(error.kind, kind::kFilePermissionDenied);
  EXPECT_EQ(why(dir / "a file"), "it is not executable");
  EXPECT_EQ(error.help, "make it so: `chmod +x '" + (dir / "a file") + "'`");
  EXPECT_EQ(why(dir.path()), "it is a directory");
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0755), 0);
  EXPECT_EQ(why(dir / "pipe"), "it is not a file");
  write_file(dir / "script", "#!" + (dir / "a file") + "\n", 0755);
  write_file(dir / "by_text", "#!/etc/passwd\n", 0755);
  EXPECT_EQ(why(dir / "by_text"), "its interpreter `/etc/passwd` may not be executed");
}

TEST_F(StartErrors, what_lies_where_nothing_is_executable) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "needs to mount";
  test::make_directory(dir / "m");
  if (::mount("none", (dir / "m").c_str(), "tmpfs", MS_NOEXEC, nullptr) != 0) {
    GTEST_SKIP() << "may not mount";
  }
  write_file(dir / "m/s", "#!/bin/sh\n", 0755);
  EXPECT_EQ(why(dir / "m/s"), "its file system is mounted noexec");
  ::umount((dir / "m").c_str());
}

TEST_F(StartErrors, a_file_that_is_still_being_written) {
  std::string program = test::read_file("/bin/true");
  write_file(dir / "p", program, 0755);
  sys::Fd writer(::open((dir / "p").c_str(), O_WRONLY | O_CLOEXEC));
  Error error = start(dir / "p");
  EXPECT_EQ(error.kind, kind::kFileError);
  EXPECT_EQ(why(dir / "p"), "another process is writing to it");
}

TEST_F(StartErrors, a_file_that_is_written_a_moment_longer_is_waited_for) {
  write_file(dir / "p", test::read_file("/bin/true"), 0755);
  sys::Fd writer(::open((dir / "p").c_str(), O_WRONLY | O_CLOEXEC));
  std::thread closer([&] {
    ::usleep(15'000);
    writer.reset();
  });
  ChildSpec spec = shell("");
  spec.program = dir / "p";
  auto job = lane->start(spec);
  closer.join();
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ((*job)->finish().code, 0);
}

TEST_F(StartErrors, arguments_that_are_too_long) {
  ChildSpec spec = shell("");
  spec.argv.push_back(std::string(200'000, 'x'));
  Error error = start(spec);
  EXPECT_EQ(error.kind, kind::kBadArgument);
  EXPECT_EQ(error.message, "cannot start `/bin/sh`: one argument or variable has 200000 bytes, and "
                           "the system takes at most 131071");
  EXPECT_EQ(error.help, "pass long data through a file or standard input");
  spec = shell("");
  for (int i = 0; i < 3000; ++i)
    spec.env.push_back(base::cat("V", i, '=', std::string(1000, 'x')));
  error = start(spec);
  EXPECT_EQ(error.kind, kind::kBadArgument);
  EXPECT_NE(error.message.find("arguments and environment have 30"), std::string::npos)
      << error.message;
}

TEST_F(StartErrors, texts_with_a_NUL_byte) {
  ChildSpec spec = shell("");
  spec.argv.push_back(std::string("a\0b", 3));
  EXPECT_EQ(start(spec).kind, kind::kBadArgument);
  spec = shell("");
  spec.env.push_back(std::string("A=a\0b", 5));
  EXPECT_EQ(start(spec).kind, kind::kBadArgument);
  spec = shell("");
  spec.directory = std::string("/tmp\0/x", 7);
  EXPECT_EQ(start(spec).kind, kind::kBadArgument);
}

TEST_F(StartErrors, a_directory_that_cannot_be_entered) {
  ChildSpec spec = shell("");
  spec.directory = dir / "none";
  Error error = start(spec);
  EXPECT_EQ(error.kind, kind::kFileNotFound);
  EXPECT_EQ(error.message, "cannot start `/bin/sh`: cannot enter directory `" + (dir / "none") +
                               "`: no such file or directory");
  EXPECT_EQ(error.detail, dir / "none");
  write_file(dir / "f", "");
  spec.directory = dir / "f";
  EXPECT_NE(start(spec).message.find("not a directory"), std::string::npos);
}

TEST_F(StartErrors, too_many_processes) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "would need a user of its own to have no other processes";
  int status = test::in_a_process([&] {
    if (::setuid(65'534) != 0)
      return 1;
    rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_NPROC, &none);
    auto job = lane->start(shell("exit 0"));
    if (job)
      return 2;
    return job.error().help == "the limit on processes is reached: `ulimit -u`" ? 42 : 3;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(ScriptInterpreters, are_the_first_word_behind_the_mark) {
  EXPECT_EQ(script_interpreter("#!/bin/sh\n"), "/bin/sh");
  EXPECT_EQ(script_interpreter("#!  /usr/bin/env -S python3\nx"), "/usr/bin/env");
  EXPECT_EQ(script_interpreter("#!/bin/sh"), "/bin/sh");
  EXPECT_EQ(script_interpreter("#!\n/bin/sh"), "");
  EXPECT_EQ(script_interpreter("#!   \n"), "");
  EXPECT_EQ(script_interpreter("#!"), "");
  EXPECT_EQ(script_interpreter("# !/bin/sh"), "");
  EXPECT_EQ(script_interpreter(""), "");
}

TEST(ElfLoaders, are_not_looked_for_outside_of_the_bytes) {
  std::string program = test::read_file("/bin/true");
  EXPECT_TRUE(elf_loader(program).starts_with("/lib"));
  for (std::size_t size = 0; size < 1024; ++size)
    (void)elf_loader(program.substr(0, size));
  std::string broken = program.substr(0, 1024);
  for (std::size_t at = 16; at < 512; ++at) {
    for (char byte : {'\x00', '\x7f', '\xff'}) {
      std::string bent = broken;
      bent[at] = byte;
      (void)elf_loader(bent);
      (void)foreign_format(bent);
    }
  }
}

} // namespace
} // namespace perch::lane
