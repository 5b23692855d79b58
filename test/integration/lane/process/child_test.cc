// What a child is started with and how its end is told.

#include "integration/lane/process/run_child.h"
#include "support/temp_dir.h"
#include "sys/fs.h"
#include "sys/pipe.h"
#include "sys/poll_item.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::lane {
namespace {

using test::eventually;
using test::in_a_process;
using test::output_of;
using test::run;
using test::shell;

class Children : public testing::Test {
protected:
  std::unique_ptr<ProcessLane> lane = make_process_lane();
};

TEST_F(Children, get_their_arguments_as_they_are) {
  ChildSpec spec = shell("");
  spec.argv = {"sh",    "-c",    R"(for a in "$0" "$@"; do printf '<%s>' "$a"; done)",
               "zero",  "",      "a b",
               "$HOME", "\xff\n"};
  EXPECT_EQ(run(*lane, spec).text, "<zero><><a b><$HOME><\xff\n>");
}

TEST_F(Children, get_their_environment_and_nothing_else) {
  ChildSpec spec = shell("");
  spec.program = "/usr/bin/env";
  spec.argv = {"env"};
  spec.env = {"A=1", "EMPTY=", "TWO=a=b"};
  EXPECT_EQ(run(*lane, spec).text, "A=1\nEMPTY=\nTWO=a=b\n");
  spec.env = {};
  EXPECT_EQ(run(*lane, spec).text, "");
}

TEST_F(Children, start_in_their_directory) {
  test::TempDir dir;
  ChildSpec spec = shell("pwd -P");
  spec.directory = dir.path();
  EXPECT_EQ(run(*lane, spec).text, dir.path() + "\n");
}

TEST_F(Children, end_with_their_status) {
  EXPECT_EQ(run(*lane, shell("exit 0")).ended.code, 0);
  Ended ended = run(*lane, shell("exit 255")).ended;
  EXPECT_EQ(ended.how, Ended::How::Exited);
  EXPECT_EQ(ended.code, 255);
}

TEST_F(Children, end_with_their_signal) {
  Ended ended = run(*lane, shell("kill -TERM $$")).ended;
  EXPECT_EQ(ended.how, Ended::How::Signalled);
  EXPECT_EQ(ended.code, SIGTERM);
  EXPECT_FALSE(ended.core_dumped);
}

TEST_F(Children, tell_what_they_used) {
  Ended ended = run(*lane, shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")).ended;
  EXPECT_GT(ended.usage.user_ns, 10'000'000);
  EXPECT_LT(ended.usage.user_ns, 60'000'000'000);
  EXPECT_GT(ended.usage.peak_bytes, 500u << 10);
  EXPECT_LT(ended.usage.peak_bytes, 4ull << 30);
}

TEST_F(Children, make_their_descriptor_readable_when_they_end) {
  sys::Pipe gate = sys::make_pipe().value();
  ChildSpec spec = shell("read line");
  spec.stdio.in = gate.read.get();
  auto job = lane->start(spec).value();
  sys::PollItem item{.fd = job->done_fd(), .read = true};
  EXPECT_EQ(sys::poll({&item, 1}, 20).value(), 0);
  ASSERT_TRUE(sys::write_some(gate.write.get(), "go\n"));
  EXPECT_EQ(sys::poll({&item, 1}, 10'000).value(), 1);
  EXPECT_EQ(job->finish().code, 0);
}

TEST_F(Children, without_streams_read_nothing_and_write_nowhere) {
  ChildSpec spec = shell("read line; a=$?; echo out; b=$?; echo err >&2; exit $a$b$?");
  spec.stdio = {.in = -1, .out = -1, .err = -1};
  Ended ended = lane->start(spec).value()->finish();
  EXPECT_EQ(ended.code, 100) << "end of input, and writes that succeed";
}

// Our own standard streams are other pipes, in every order.
TEST_F(Children, take_streams_that_stand_on_each_others_numbers) {
  sys::Pipe in = sys::make_pipe().value(), out = sys::make_pipe().value();
  sys::Pipe err = sys::make_pipe().value();
  ASSERT_TRUE(sys::write_all(in.write.get(), "input\n", "pipe"));
  in.write.reset();
  int status = in_a_process([&] {
    // 0 is what becomes 1, 1 what becomes 2, 2 what becomes 0.
    ::dup2(out.write.get(), 0);
    ::dup2(err.write.get(), 1);
    ::dup2(in.read.get(), 2);
    ChildSpec spec = shell("read line; echo out $line; echo err $line >&2");
    spec.stdio = {.in = 2, .out = 0, .err = 1};
    auto job = lane->start(spec);
    return job ? (*job)->finish().code : 99;
  });
  EXPECT_EQ(status, 0);
  out.write.reset();
  err.write.reset();
  EXPECT_EQ(sys::read_all(out.read.get(), 100, "out").value(), "out input\n");
  EXPECT_EQ(sys::read_all(err.read.get(), 100, "err").value(), "err input\n");
}

TEST_F(Children, may_have_one_descriptor_for_all_streams) {
  test::TempDir dir;
  sys::Fd file(::open((dir / "f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_TRUE(sys::write_all(file.get(), "line\n", "f"));
  ::lseek(file.get(), 0, SEEK_SET);
  ChildSpec spec = shell("read x; echo $x; echo $x >&2");
  spec.stdio = {.in = file.get(), .out = file.get(), .err = file.get()};
  EXPECT_EQ(lane->start(spec).value()->finish().code, 0);
  EXPECT_EQ(test::read_file(dir / "f"), "line\nline\nline\n");
}

TEST_F(Children, inherit_no_descriptor_above_the_standard_streams) {
  int status = in_a_process([&] {
    // As if perch was started with more, not marked to be closed.
    for (int fd : {5, 7, 100, 250})
      ::dup2(0, fd);
    // 3 is what the shell reads the directory with.
    return output_of("cd /proc/self/fd; echo *") == "0 1 2 3" ? 42 : 1;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST_F(Children, start_with_no_signal_blocked_and_perchs_own_settings_undone) {
  auto root = sys::CancelToken::root();
  sys::SignalGuard guard(*root);
  sigset_t set, before;
  sigfillset(&set);
  ::pthread_sigmask(SIG_SETMASK, &set, &before);
  std::string status = output_of("exec cat /proc/self/status");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_NE(status.find("SigBlk:\t0000000000000000"), std::string::npos) << status;
  EXPECT_NE(status.find("SigIgn:\t0000000000000000"), std::string::npos) << status;
  EXPECT_NE(status.find("SigCgt:\t0000000000000000"), std::string::npos) << status;
}

TEST_F(Children, keep_ignoring_what_perch_was_told_to_ignore) {
  int status = in_a_process([&] {
    ::signal(SIGHUP, SIG_IGN);
    std::string seen = output_of("kill -HUP $$; echo alive");
    return seen == "alive" ? 42 : 1;
  });
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST_F(Children, die_of_a_broken_pipe) {
  auto root = sys::CancelToken::root();
  sys::SignalGuard guard(*root);
  sys::Pipe pipe = sys::make_pipe().value();
  pipe.read.reset();
  ChildSpec spec = shell("while :; do echo y; done");
  spec.program = "/usr/bin/yes";
  spec.argv = {"yes"};
  spec.stdio.out = pipe.write.get();
  Ended ended = lane->start(spec).value()->finish();
  EXPECT_EQ(ended.how, Ended::How::Signalled);
  EXPECT_EQ(ended.code, SIGPIPE);
}

TEST_F(Children, have_a_process_group_of_their_own) {
  auto own = run(*lane, shell("cut -d' ' -f1,5 /proc/self/stat; echo $$"));
  std::string group = own.text.substr(own.text.find(' ') + 1);
  EXPECT_EQ(group.substr(0, group.find('\n')),
            group.substr(group.find('\n') + 1, group.size() - group.find('\n') - 2));
  EXPECT_NE(std::stoi(group), ::getpgrp());
}

TEST_F(Children, of_one_pipe_share_a_group) {
  ChildSpec first = shell("read x");
  sys::Pipe gate = sys::make_pipe().value();
  first.stdio.in = gate.read.get();
  first.group = std::make_shared<Group>();
  auto a = lane->start(first).value();
  ChildSpec second = shell("exec sleep 1000");
  second.group = first.group;
  auto b = lane->start(second).value();
  EXPECT_EQ(::getpgid(b->pid()), a->pid());
  gate.write.reset();
  (void)a->finish();
  b->terminate(Job::Force::Ask);
  EXPECT_EQ(b->finish().code, SIGTERM);
}

TEST_F(Children, whose_group_is_gone_get_one_of_their_own) {
  ChildSpec first = shell("exit 0");
  first.group = std::make_shared<Group>();
  (void)lane->start(first).value()->finish();
  ChildSpec second = shell("exec sleep 1000");
  second.group = first.group;
  auto b = lane->start(second).value();
  EXPECT_EQ(::getpgid(b->pid()), b->pid());
  b->terminate(Job::Force::Now);
  EXPECT_EQ(b->finish().code, SIGKILL);
}

TEST_F(Children, by_handle_are_the_file_that_was_opened) {
  test::TempDir dir;
  test::write_file(dir / "tool", test::read_file("/usr/bin/env"), 0755);
  sys::Fd file(::open((dir / "tool").c_str(), O_RDONLY | O_CLOEXEC));
  test::write_file(dir / "evil", "#!/bin/sh\necho evil\n", 0755);
  ASSERT_EQ(::rename((dir / "evil").c_str(), (dir / "tool").c_str()), 0);
  ChildSpec spec = shell("");
  spec.program = dir / "tool";
  spec.program_fd = file.get();
  spec.argv = {"tool"};
  spec.env = {"A=good"};
  EXPECT_EQ(run(*lane, spec).text, "A=good\n");
}

TEST_F(Children, by_handle_may_be_scripts) {
  test::TempDir dir;
  test::write_file(dir / "script", "#!/bin/sh\necho \"good $1\"\n", 0755);
  sys::Fd file(::open((dir / "script").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::unlink((dir / "script").c_str()), 0);
  ChildSpec spec = shell("");
  spec.program = dir / "script";
  spec.program_fd = file.get();
  spec.argv = {"script", "argument"};
  EXPECT_EQ(run(*lane, spec).text, "good argument\n");
}

TEST_F(Children, leave_no_descriptor_and_no_process_behind) {
  (void)run(*lane, shell("exit 3"));
  int before = test::entries_in("/proc/self/fd");
  ChildSpec missing = shell("");
  missing.program = "/nowhere/nothing";
  for (int i = 0; i < 50; ++i) {
    (void)run(*lane, shell("exit 3"));
    EXPECT_FALSE(lane->start(missing));
  }
  EXPECT_EQ(test::entries_in("/proc/self/fd"), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left, not even as a zombie";
  EXPECT_EQ(errno, ECHILD);
}

} // namespace
} // namespace perch::lane
