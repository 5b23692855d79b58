// Children on a real terminal, below a shell that knows job control. Three processes: the test
// holds the terminal's other side; the "shell" leads its session; "perch" is a job of the shell.

#include "integration/lane/process/run_child.h"
#include "lane/lane.h"
#include "sys/fd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <poll.h>
#include <pty.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace perch::lane {
namespace {

// The states, as in proc(5), of all processes of a session but its leader and what has ended.
std::vector<char> states_below(int leader) {
  std::vector<char> states;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    int pid = 0, parent = 0, group = 0, session = 0;
    char state = 0;
    if (!std::getline(file, text) || std::sscanf(text.c_str(), "%d", &pid) != 1 ||
        std::sscanf(text.c_str() + text.rfind(')') + 1, " %c %d %d %d", &state, &parent, &group,
                    &session) != 4)
      continue; // no process, or one that has just gone
    if (session == leader && pid != leader && state != 'Z')
      states.push_back(state);
  }
  return states;
}

// The other side of a terminal, as a person sees it.
class Person {
public:
  /// Runs `leader` as the leader of a session on a new terminal.
  explicit Person(const std::function<int()>& leader) {
    int master = -1;
    pid_ = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      for (int number : {SIGINT, SIGTSTP, SIGTTIN, SIGTTOU, SIGHUP})
        ::signal(number, SIG_DFL);
      ::_exit(leader());
    }
    master_ = sys::Fd(master);
  }
  ~Person() {
    if (pid_ > 0)
      ::kill(pid_, SIGKILL);
    if (pid_ > 0)
      ::waitpid(pid_, nullptr, 0);
  }

  void type(std::string_view text) {
    EXPECT_EQ(::write(master_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// Waits until the terminal has shown `text`, after what was seen before.
  [[nodiscard]] bool sees(std::string_view text) {
    return test::eventually([&] {
      read_more();
      std::size_t at = shown_.find(text);
      if (at != shown_.npos)
        shown_.erase(0, at + text.size());
      return at != shown_.npos;
    });
  }
  [[nodiscard]] std::string rest() {
    read_more();
    return shown_;
  }
  /// The session leader's exit status; 1000 + signal; -1 when it does not end.
  [[nodiscard]] int ends() {
    int status = 0;
    bool ended = test::eventually([&] {
      read_more();
      return ::waitpid(pid_, &status, WNOHANG) == pid_;
    });
    if (!ended)
      return -1;
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  /// Waits until the leader's job has stopped with all its processes, and the terminal is the
  /// leader's; or until none of them is stopped, and the terminal is a job's. Until then a line may
  /// be read by a process that has yet to notice that it is stopped, and a Ctrl-Z be undone by the
  /// signal to continue.
  enum class Job : std::uint8_t { Stopped, Running };
  [[nodiscard]] bool job_is(Job wanted) {
    const bool stopped = wanted == Job::Stopped;
    return test::eventually([&] {
      if ((::tcgetpgrp(master_.get()) == pid_) != stopped)
        return false;
      const auto states = states_below(pid_);
      if (!stopped)
        return std::ranges::find(states, 'T') == states.end();
      // `D`: it waits for its vforked child, which was stopped before it ran its program.
      return std::ranges::all_of(states, [](char state) { return state == 'T' || state == 'D'; });
    });
  }
  [[nodiscard]] termios modes() {
    termios modes{};
    EXPECT_EQ(::tcgetattr(master_.get(), &modes), 0);
    return modes;
  }

private:
  void read_more() {
    pollfd item{.fd = master_.get(), .events = POLLIN, .revents = 0};
    char bytes[4096];
    while (::poll(&item, 1, 0) > 0) {
      ssize_t n = ::read(master_.get(), bytes, sizeof bytes);
      if (n <= 0)
        return;
      shown_.append(bytes, static_cast<std::size_t>(n));
    }
  }

  int pid_ = 0;
  sys::Fd master_;
  std::string shown_;
};

void say(std::string_view text) {
  std::string line = std::string(text) + "\n";
  if (::write(2, line.data(), line.size()) < 0)
    ::_exit(90);
}

void give_terminal(int group) {
  ::signal(SIGTTOU, SIG_IGN);
  ::tcsetpgrp(0, group);
  ::signal(SIGTTOU, SIG_DFL);
}

enum class Place { Foreground, Background };

// A shell with one job: says when it stops, and puts it (back) into the foreground when the
// person types a line. Its status is the job's.
int shell_with(const std::function<int()>& perch, Place place) {
  pid_t job = ::fork();
  if (job == 0) {
    ::setpgid(0, 0);
    if (place == Place::Foreground)
      give_terminal(::getpid());
    ::_exit(perch());
  }
  // Not given from here too, as shells do: it might be late, when perch has passed it on already.
  ::setpgid(job, job);
  for (;;) {
    int status = 0;
    if (::waitpid(job, &status, WUNTRACED) != job)
      return 91;
    if (WIFEXITED(status))
      return WEXITSTATUS(status);
    if (WIFSIGNALED(status))
      return 100 + WTERMSIG(status);
    give_terminal(::getpgrp());
    say("shell: stopped by " + std::to_string(WSTOPSIG(status)));
    char byte = 0;
    while (::read(0, &byte, 1) == 1 && byte != '\n') {
    }
    give_terminal(job);
    ::kill(-job, SIGCONT);
  }
}

ChildSpec on_terminal(const std::string& text, bool foreground) {
  ChildSpec spec = test::shell(text);
  spec.stdio = {.in = 0, .out = 1, .err = 2};
  spec.foreground = foreground;
  return spec;
}

bool perch_has_terminal() { return ::tcgetpgrp(0) == ::getpgrp(); }

// What perch does with one child: 0 when it went well and perch has the terminal back.
int run_one(const std::string& text, bool foreground) {
  auto lane = make_process_lane();
  auto job = lane->start(on_terminal(text, foreground));
  if (!job)
    return 80;
  Ended ended = (*job)->finish();
  if (ended.how == Ended::How::Signalled)
    return 60 + ended.code;
  if (ended.code != 0)
    return ended.code;
  return perch_has_terminal() ? 0 : 81;
}

TEST(Terminals, are_given_to_a_child_in_the_foreground_and_taken_back) {
  Person person([] {
    return shell_with([] { return run_one("echo ready; read x; echo got $x", true); },
                      Place::Foreground);
  });
  ASSERT_TRUE(person.sees("ready"));
  person.type("hello\n");
  EXPECT_TRUE(person.sees("got hello"));
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, are_the_childs_from_its_first_step_on) {
  Person person([] {
    auto perch = [] {
      int bad = 0;
      for (int i = 0; i < 20; ++i) {
        bad += run_one("test $(cut -d' ' -f8 /proc/$$/stat) = $$", true) != 0;
      }
      return bad;
    };
    return shell_with(perch, Place::Foreground);
  });
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, go_to_a_child_in_the_background_that_asks) {
  Person person([] {
    return shell_with([] { return run_one("echo ready; read x; echo got $x", false); },
                      Place::Foreground);
  });
  ASSERT_TRUE(person.sees("ready"));
  person.type("hello\n");
  EXPECT_TRUE(person.sees("got hello"));
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, go_to_one_child_after_the_other) {
  Person person([] {
    auto perch = [] {
      auto lane = make_process_lane();
      auto a = lane->start(on_terminal("read x; echo one $x", false));
      auto b = lane->start(on_terminal("read x; echo one $x", false));
      say("ready");
      return (*a)->finish().code + (*b)->finish().code + (perch_has_terminal() ? 0 : 81);
    };
    return shell_with(perch, Place::Foreground);
  });
  ASSERT_TRUE(person.sees("ready"));
  person.type("a\n");
  ASSERT_TRUE(person.sees("one a"));
  person.type("b\n");
  ASSERT_TRUE(person.sees("one b"));
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, are_shared_by_the_stages_of_a_pipe) {
  Person person([] {
    auto perch = [] {
      auto lane = make_process_lane();
      ChildSpec first = on_terminal("read x </dev/tty; echo $x", true);
      int ends[2];
      if (::pipe2(ends, O_CLOEXEC) != 0)
        return 82;
      first.stdio.out = ends[1];
      first.group = std::make_shared<Group>();
      auto a = lane->start(first);
      ChildSpec second = on_terminal("read y; echo ready; read z </dev/tty; echo $y and $z", true);
      second.stdio.in = ends[0];
      second.group = first.group;
      auto b = lane->start(second);
      ::close(ends[1]);
      return (*a)->finish().code + (*b)->finish().code + (perch_has_terminal() ? 0 : 81);
    };
    return shell_with(perch, Place::Foreground);
  });
  person.type("one\n");
  ASSERT_TRUE(person.sees("ready"));
  person.type("two\n");
  EXPECT_TRUE(person.sees("one and two"));
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

// Two stages that wait for a line of the terminal, one after the other.
int run_two() {
  auto lane = make_process_lane();
  ChildSpec first = on_terminal("read x </dev/tty; echo got $x >&2; read x </dev/tty", true);
  first.group = std::make_shared<Group>();
  auto a = lane->start(first);
  ChildSpec second = on_terminal("while :; do sleep 0.01; done", true);
  second.group = first.group;
  auto b = lane->start(second);
  say("ready");
  const bool both = (*a)->finish().interrupted && (*b)->finish().interrupted;
  return (both ? 0 : 83) + (perch_has_terminal() ? 0 : 81);
}

TEST(Terminals, stop_and_interrupt_all_stages_of_a_pipe) {
  Person person([] { return shell_with(run_two, Place::Foreground); });
  ASSERT_TRUE(person.sees("ready"));
  for (int i = 0; i < 5; ++i) {
    person.type("\x1a");
    ASSERT_TRUE(person.sees("shell: stopped by " + std::to_string(SIGTSTP))) << person.rest();
    ASSERT_TRUE(person.job_is(Person::Job::Stopped));
    person.type("fg\n");
    ASSERT_TRUE(person.job_is(Person::Job::Running)) << person.rest();
  }
  person.type("hello\n");
  ASSERT_TRUE(person.sees("got hello")) << person.rest();
  person.type("\x03");
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, leave_a_holder_that_never_asked_for_one_that_does) {
  Person person([] {
    auto perch = [] {
      auto lane = make_process_lane();
      int ends[2];
      if (::pipe2(ends, O_CLOEXEC) != 0)
        return 82;
      ChildSpec reader = on_terminal("read x; echo $x", true);
      reader.stdio.in = ends[0];
      auto a = lane->start(reader);
      ChildSpec writer = on_terminal("echo ready >&2; read y; echo got $y", true);
      writer.stdio.out = ends[1];
      auto b = lane->start(writer);
      ::close(ends[1]);
      return (*b)->finish().code + (*a)->finish().code + (perch_has_terminal() ? 0 : 81);
    };
    return shell_with(perch, Place::Foreground);
  });
  ASSERT_TRUE(person.sees("ready"));
  person.type("hello\n");
  EXPECT_TRUE(person.sees("got hello")) << person.rest();
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, send_an_interrupt_to_the_child_alone) {
  Person person([] {
    return shell_with([] { return run_one("echo ready; exec sleep 1000", true); },
                      Place::Foreground);
  });
  ASSERT_TRUE(person.sees("ready"));
  person.type("\x03");
  EXPECT_EQ(person.ends(), 60 + SIGINT) << "the child died of it, perch did not: " << person.rest();
}

TEST(Terminals, stop_perch_with_its_child_and_continue_both) {
  Person person([] {
    return shell_with([] { return run_one("echo ready; read x; echo got $x", true); },
                      Place::Foreground);
  });
  for (int i = 0; i < 3; ++i) {
    if (i == 0) {
      ASSERT_TRUE(person.sees("ready"));
    }
    person.type("\x1a");
    ASSERT_TRUE(person.sees("shell: stopped by " + std::to_string(SIGTSTP))) << person.rest();
    ASSERT_TRUE(person.job_is(Person::Job::Stopped));
    person.type("fg\n");
    ASSERT_TRUE(person.job_is(Person::Job::Running));
  }
  person.type("hello\n");
  EXPECT_TRUE(person.sees("got hello")) << person.rest();
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, do_not_stop_perch_when_nobody_could_continue_it) {
  // No shell: perch leads the session itself.
  Person person([] { return run_one("echo ready; read x; echo got $x", true); });
  ASSERT_TRUE(person.sees("ready"));
  person.type("\x1a");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  person.type("hello\n");
  EXPECT_TRUE(person.sees("got hello")) << person.rest();
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, stop_perch_in_the_background_when_its_child_asks_for_them) {
  Person person([] {
    return shell_with([] { return run_one("read x; echo got $x", true); }, Place::Background);
  });
  ASSERT_TRUE(person.sees("shell: stopped by " + std::to_string(SIGTTIN))) << person.rest();
  person.type("fg\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  person.type("hello\n");
  EXPECT_TRUE(person.sees("got hello")) << person.rest();
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, are_put_in_order_after_a_child_that_was_killed) {
  Person person([] {
    auto perch = [] {
      if (run_one("stty raw -echo; echo ready; kill -KILL $$", true) != 60 + SIGKILL)
        return 1;
      say("killed");
      char byte = 0;
      return ::read(0, &byte, 1) == 1 ? 0 : 2;
    };
    return shell_with(perch, Place::Foreground);
  });
  ASSERT_TRUE(person.sees("killed")) << person.rest();
  EXPECT_NE(person.modes().c_lflag & ECHO, 0u);
  EXPECT_NE(person.modes().c_lflag & ICANON, 0u);
  person.type("\n");
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, keep_what_a_child_changed_that_ended_by_itself) {
  Person person([] {
    auto perch = [] {
      if (run_one("stty -echo", true) != 0)
        return 1;
      say("done");
      char byte = 0;
      return ::read(0, &byte, 1) == 1 ? 0 : 2;
    };
    return shell_with(perch, Place::Foreground);
  });
  ASSERT_TRUE(person.sees("done")) << person.rest();
  EXPECT_EQ(person.modes().c_lflag & ECHO, 0u);
  person.type("\n");
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, come_back_when_a_program_cannot_be_started) {
  Person person([] {
    auto perch = [] {
      auto lane = make_process_lane();
      ChildSpec spec = on_terminal("", true);
      spec.program = "/nowhere/nothing";
      if (lane->start(spec))
        return 1;
      return perch_has_terminal() ? run_one("test $(cut -d' ' -f8 /proc/$$/stat) = $$", true) : 81;
    };
    return shell_with(perch, Place::Foreground);
  });
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, come_back_from_a_job_that_is_dropped) {
  Person person([] {
    auto perch = [] {
      auto lane = make_process_lane();
      auto job = lane->start(on_terminal("exec sleep 1000", true));
      job->reset();
      return perch_has_terminal() ? 0 : 81;
    };
    return shell_with(perch, Place::Foreground);
  });
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

TEST(Terminals, do_not_keep_a_waiting_child_from_being_killed) {
  Person person([] {
    auto perch = [] {
      auto lane = make_process_lane();
      auto holder = lane->start(on_terminal("exec sleep 1000", true));
      auto waiting = lane->start(on_terminal("read x", false));
      ::usleep(100'000);
      (*waiting)->terminate(Job::Force::Ask);
      int code = (*waiting)->finish().code;
      (*holder)->terminate(Job::Force::Now);
      (void)(*holder)->finish();
      return code == SIGTERM && perch_has_terminal() ? 0 : 81;
    };
    return shell_with(perch, Place::Foreground);
  });
  EXPECT_EQ(person.ends(), 0) << person.rest();
}

} // namespace
} // namespace perch::lane
