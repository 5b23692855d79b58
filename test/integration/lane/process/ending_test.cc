// Ending children: asked, forced, dropped, orphaned, detached.

#include "integration/lane/process/run_child.h"
#include "support/temp_dir.h"
#include "sys/fs.h"
#include "sys/pipe.h"
#include "sys/poll_item.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::lane {
namespace {

using test::eventually;
using test::in_a_process;
using test::is_alive;
using test::shell;

class Ending : public testing::Test {
protected:
  // Starts `sh -c text` and returns once it has written a line, which it returns as a number.
  std::unique_ptr<Job> start(const std::string& text, int* number = nullptr) {
    sys::Pipe pipe = sys::make_pipe().value();
    ChildSpec spec = shell(text);
    spec.stdio.out = pipe.write.get();
    auto job = lane->start(spec);
    EXPECT_TRUE(job);
    pipe.write.reset();
    std::string line;
    char byte = 0;
    while (::read(pipe.read.get(), &byte, 1) == 1 && byte != '\n')
      line += byte;
    if (number != nullptr)
      *number = std::stoi(line);
    return std::move(*job);
  }

  std::unique_ptr<ProcessLane> lane = make_process_lane();
};

TEST_F(Ending, a_child_that_is_asked_to_can_end_as_it_likes) {
  auto job = start("trap 'exit 7' TERM; echo; while :; do sleep 0.01; done");
  job->terminate(Job::Force::Ask);
  Ended ended = job->finish();
  EXPECT_EQ(ended.how, Ended::How::Exited);
  EXPECT_EQ(ended.code, 7);
}

TEST_F(Ending, a_child_that_ignores_being_asked_is_forced) {
  auto job = start("trap '' TERM; echo; while :; do sleep 0.01; done");
  job->terminate(Job::Force::Ask);
  sys::PollItem item{.fd = job->done_fd(), .read = true};
  EXPECT_EQ(sys::poll({&item, 1}, 50).value(), 0);
  job->terminate(Job::Force::Now);
  EXPECT_EQ(job->finish().code, SIGKILL);
}

TEST_F(Ending, reaches_what_the_child_has_started) {
  int grandchild = 0;
  auto job = start("sleep 1000 & echo $!; wait", &grandchild);
  ASSERT_TRUE(is_alive(grandchild));
  job->terminate(Job::Force::Ask);
  EXPECT_EQ(job->finish().code, SIGTERM);
  EXPECT_TRUE(eventually([&] { return !is_alive(grandchild); }));
}

TEST_F(Ending, leaves_nothing_that_ignored_the_request_behind) {
  int grandchild = 0;
  auto job = start("(trap '' TERM; sleep 1000) & echo $!; wait", &grandchild);
  job->terminate(Job::Force::Ask);
  (void)job->finish();
  EXPECT_TRUE(eventually([&] { return !is_alive(grandchild); }));
}

TEST_F(Ending, by_itself_leaves_what_it_put_in_the_background) {
  int grandchild = 0;
  auto job = start("sleep 1000 >/dev/null & echo $!", &grandchild);
  EXPECT_EQ(job->finish().code, 0);
  EXPECT_TRUE(is_alive(grandchild));
  ::kill(grandchild, SIGKILL);
}

TEST_F(Ending, a_stopped_child_works) {
  auto job = start("echo; exec sleep 1000");
  job->signal(SIGSTOP);
  job->terminate(Job::Force::Ask);
  EXPECT_EQ(job->finish().code, SIGTERM);
}

TEST_F(Ending, a_child_that_left_its_group_works) {
  // Only a member that does not lead its group can leave it by itself.
  const auto shared = std::make_shared<Group>();
  ChildSpec first = shell("exec sleep 1000");
  first.group = shared;
  auto leader = lane->start(first).value();
  sys::Pipe pipe = sys::make_pipe().value();
  ChildSpec spec = shell("exec setsid sh -c 'echo; exec sleep 1000'");
  spec.group = shared;
  spec.stdio.out = pipe.write.get();
  auto job = lane->start(spec).value();
  char byte = 0;
  ASSERT_EQ(::read(pipe.read.get(), &byte, 1), 1);
  ASSERT_EQ(::getpgid(job->pid()), job->pid());
  job->signal(SIGUSR1);
  EXPECT_EQ(job->finish().code, SIGUSR1);
  leader->terminate(Job::Force::Now);
  EXPECT_EQ(leader->finish().code, SIGKILL) << "the first speaks for its group";
}

TEST_F(Ending, jobs_of_one_group_are_told_once_and_end_in_their_own_time) {
  const auto shared = std::make_shared<Group>();
  const auto member = [&](const std::string& text) {
    sys::Pipe pipe = sys::make_pipe().value();
    ChildSpec spec = shell(text);
    spec.group = shared;
    spec.stdio.out = pipe.write.get();
    auto job = lane->start(spec).value();
    char byte = 0;
    EXPECT_EQ(::read(pipe.read.get(), &byte, 1), 1); // now it is ready for signals
    return job;
  };
  auto quick = member("echo; exec sleep 1000");
  auto slow = member("n=0; trap 'n=$((n + 1)); sleep 0.2; exit $n' TERM; echo; "
                     "while :; do sleep 0.01; done");
  quick->terminate(Job::Force::Ask);
  slow->terminate(Job::Force::Ask);
  EXPECT_EQ(quick->finish().code, SIGTERM);
  const Ended ended = slow->finish();
  EXPECT_EQ(ended.how, Ended::How::Exited) << "it was not killed with the other one";
  EXPECT_EQ(ended.code, 1);
}

TEST_F(Ending, a_signal_is_passed_on_to_all) {
  auto job = start("trap 'exit 3' USR1; echo; while :; do sleep 0.01; done");
  job->signal(SIGUSR1);
  int code = job->finish().code;
  EXPECT_EQ(code, 3);
}

TEST_F(Ending, a_dropped_job_kills_its_group_and_leaves_no_zombie) {
  int grandchild = 0;
  auto job = start("sleep 1000 & echo $!; wait", &grandchild);
  int child = job->pid();
  job.reset();
  EXPECT_FALSE(is_alive(child));
  EXPECT_TRUE(eventually([&] { return !is_alive(grandchild); }));
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(Ending, terminating_what_has_ended_harms_nobody) {
  auto job = lane->start(shell("exit 0")).value();
  (void)job->finish();
  job->terminate(Job::Force::Now);
  job->signal(SIGTERM);
}

TEST_F(Ending, children_die_with_perch) {
  sys::Pipe pipe = sys::make_pipe().value();
  pid_t perch = ::fork();
  if (perch == 0) {
    auto job = lane->start(shell("exec sleep 1000"));
    int pid = (*job)->pid();
    if (::write(pipe.write.get(), &pid, sizeof pid) != sizeof pid)
      ::_exit(1);
    (void)(*job)->finish();
  }
  int child = 0;
  ASSERT_EQ(::read(pipe.read.get(), &child, sizeof child), ssize_t{sizeof child});
  ASSERT_TRUE(is_alive(child));
  ::kill(perch, SIGKILL);
  ::waitpid(perch, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !is_alive(child); }));
}

TEST_F(Ending, a_detached_child_runs_in_a_session_of_its_own) {
  test::TempDir dir;
  ChildSpec spec = shell("cut -d' ' -f1,4,5,6 /proc/$$/stat > new; mv new stat; exec sleep 1000");
  spec.new_session = true;
  spec.directory = dir.path();
  auto job = lane->start(spec).value();
  int pid = job->pid();
  sys::PollItem item{.fd = job->done_fd(), .read = true};
  EXPECT_EQ(sys::poll({&item, 1}, 0).value(), 1) << "as a job it is done";
  job->terminate(Job::Force::Now);
  EXPECT_EQ(job->finish().code, 0);
  job.reset();
  ASSERT_TRUE(eventually([&] { return test::exists(dir / "stat"); }));
  EXPECT_TRUE(is_alive(pid));
  EXPECT_EQ(::getsid(pid), pid);
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1) << "it is not our child";
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "and nothing else is left of it";
  int self = 0, parent = 0, group = 0, session = 0;
  std::string text = test::read_file(dir / "stat");
  ASSERT_EQ(std::sscanf(text.c_str(), "%d %d %d %d", &self, &parent, &group, &session), 4);
  EXPECT_EQ(self, pid);
  EXPECT_NE(parent, ::getpid());
  EXPECT_EQ(group, pid);
  EXPECT_EQ(session, pid);
  ::kill(pid, SIGKILL);
}

TEST_F(Ending, a_detached_child_outlives_perch) {
  sys::Pipe pipe = sys::make_pipe().value();
  pid_t perch = ::fork();
  if (perch == 0) {
    ChildSpec spec = shell("exec sleep 1000");
    spec.new_session = true;
    auto job = lane->start(spec);
    int pid = (*job)->pid();
    ::_exit(::write(pipe.write.get(), &pid, sizeof pid) == sizeof pid ? 0 : 1);
  }
  int child = 0;
  ASSERT_EQ(::read(pipe.read.get(), &child, sizeof child), ssize_t{sizeof child});
  ::waitpid(perch, nullptr, 0);
  ::usleep(50'000);
  EXPECT_TRUE(is_alive(child));
  ::kill(child, SIGKILL);
}

TEST_F(Ending, a_detached_child_that_cannot_start_says_so) {
  ChildSpec spec = shell("");
  spec.program = "/nowhere/nothing";
  spec.new_session = true;
  auto job = lane->start(spec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().message, "cannot start `/nowhere/nothing`: there is no such file");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

} // namespace
} // namespace perch::lane
