#include "support/temp_dir.h"
#include "sys/real.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::sys {
namespace {

using namespace std::chrono_literals;

// Runs `body` in a process of its own and returns how that ended, as waitpid has it.
template <class Body>
int in_a_process(const Body& body) {
  pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

void default_actions() {
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ})
    ::signal(number, SIG_DFL);
}

TEST(SignalGuards, turn_a_signal_into_a_stop) {
  for (int number : {SIGINT, SIGTERM, SIGHUP}) {
    int status = in_a_process([number] {
      default_actions();
      auto root = CancelToken::root();
      SignalGuard guard(*root);
      auto token = root->child();
      ::raise(number);
      bool good = token->wait_until(std::chrono::steady_clock::now() + 10s) == StopReason::Signal &&
                  root->signal() == number;
      ::_exit(good ? 42 : 1);
    });
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 42) << number;
  }
}

TEST(SignalGuards, end_at_once_on_a_second_interrupt) {
  int status = in_a_process([] {
    default_actions();
    auto root = CancelToken::root();
    SignalGuard guard(*root);
    ::raise(SIGINT);
    if (root->stopped() != StopReason::Signal)
      ::_exit(1);
    ::raise(SIGINT);
    ::pause();
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST(SignalGuards, take_an_interrupt_after_a_SIGTERM_as_the_first) {
  int status = in_a_process([] {
    default_actions();
    auto root = CancelToken::root();
    SignalGuard guard(*root);
    ::raise(SIGTERM);
    ::raise(SIGINT);
    ::_exit(root->signal() == SIGTERM ? 42 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(SignalGuards, leave_signals_alone_that_were_ignored_at_start) {
  int status = in_a_process([] {
    default_actions();
    ::signal(SIGHUP, SIG_IGN);
    auto root = CancelToken::root();
    SignalGuard guard(*root);
    ::raise(SIGHUP);
    ::_exit(root->stopped() == StopReason::None ? 42 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(SignalGuards, let_writes_fail_instead_of_ending_us) {
  int status = in_a_process([] {
    default_actions();
    auto root = CancelToken::root();
    SignalGuard guard(*root);
    int ends[2];
    if (::pipe(ends) != 0)
      ::_exit(1);
    ::close(ends[0]);
    auto written = write_all(ends[1], "x", "pipe");
    ::_exit(!written && written.error().code_name == "EPIPE" ? 42 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(SignalGuards, put_everything_back) {
  int status = in_a_process([] {
    default_actions();
    {
      auto root = CancelToken::root();
      SignalGuard guard(*root);
    }
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) {
      struct sigaction now{};
      ::sigaction(number, nullptr, &now);
      if (now.sa_handler != SIG_DFL)
        ::_exit(1);
    }
    auto root = CancelToken::root();
    SignalGuard again(*root);
    ::_exit(42);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(SignalGuards, end_a_blocking_open) {
  test::TempDir dir;
  std::string path = dir / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  int status = in_a_process([&] {
    default_actions();
    auto root = CancelToken::root();
    SignalGuard guard(*root);
    auto fs = real_fs();
    auto spot = fs->locate(path, Final::Follow);
    pid_t self = ::getpid();
    if (::fork() == 0) {
      ::usleep(50'000);
      ::kill(self, SIGTERM);
      ::_exit(0);
    }
    auto fd = fs->open(*spot, Access::Read, 0);
    ::_exit(!fd && fd.error().code_name == "EINTR" && root->stopped() == StopReason::Signal ? 42
                                                                                            : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(StandardStreams, that_are_missing_are_opened_on_the_null_device) {
  int status = in_a_process([] {
    ::close(0);
    ::close(2);
    const bool third = ::fcntl(3, F_GETFD) >= 0; // the test runner may have left it open
    const bool out_closed = open_missing_standard_streams();
    char byte = 0;
    bool good = !out_closed && ::read(0, &byte, 1) == 0 && ::write(2, "x", 1) == 1 &&
                (::fcntl(3, F_GETFD) >= 0) == third;
    ::_exit(good ? 42 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

} // namespace
} // namespace perch::sys
