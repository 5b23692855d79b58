#include "lane/process/job_control.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::lane {

namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(20);

bool wants_terminal(int signal) { return signal == SIGTTIN || signal == SIGTTOU; }

// Signals are for the other threads, except those that stop: see stop_own_group.
void leave_signals_to_others() {
  sigset_t set;
  sigfillset(&set);
  for (int number : {SIGTSTP, SIGTTIN})
    sigdelset(&set, number);
  ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
}

// Stops all processes of our group, as the terminal would have, and returns when we are continued;
// at once when nobody could continue us (an orphaned group) or the signal was ignored at start.
//
// A signal sent to our process takes effect some time later, on any thread. So it is ignored while
// the group gets it, and then sent to this thread, which does not get past that call.
void stop_own_group(int signal) {
  struct sigaction ignore = {}, before = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(signal, &ignore, &before);
  ::kill(0, signal);
  ::sigaction(signal, &before, nullptr);
  ::pthread_kill(::pthread_self(), signal);
}

} // namespace

JobControl::JobControl(Terminal& terminal, int pid, int group, Start start)
    : terminal_(terminal), pid_(pid), group_(group), holds_(start == Start::HoldsTerminal),
      thread_([this] { watch(); }) {}

bool JobControl::wait() {
  if (thread_.joinable())
    thread_.join();
  return holds_;
}

bool JobControl::child_ended() const {
  siginfo_t info = {};
  int options = WEXITED | WNOHANG | WNOWAIT;
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, options) != 0 || info.si_pid != 0;
}

void JobControl::watch() {
  leave_signals_to_others();
  auto modes = Terminal::Modes::Keep;
  for (;;) {
    siginfo_t info = {};
    auto id = static_cast<id_t>(pid_);
    // The end is left for the job to collect.
    if (::waitid(P_PID, id, &info, WEXITED | WSTOPPED | WNOWAIT) != 0) {
      if (errno == EINTR)
        continue;
      break;
    }
    if (info.si_code != CLD_STOPPED) {
      // A program that was killed had no chance to put the terminal in order.
      if (info.si_code != CLD_EXITED)
        modes = Terminal::Modes::Restore;
      break;
    }
    stopped(info.si_status);
  }
  if (holds_)
    terminal_.release(group_, modes);
}

// The stop is news no more. False: it was over before.
bool JobControl::take_stop() {
  siginfo_t info = {};
  const int options = WSTOPPED | WNOHANG;
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, options) == 0 && info.si_pid != 0;
}

void JobControl::stopped(int signal) {
  if (wants_terminal(signal)) {
    if (!take_stop())
      return;
    wait_for_terminal();
    ::kill(-group_, SIGCONT);
    return;
  }
  // Of jobs that share a group one stops perch, and the others then find themselves continued.
  const std::lock_guard alone(terminal_.stopping());
  if (!take_stop() || !holds_)
    return; // whoever stopped one that does not hold the terminal can continue it
  terminal_.suspend(group_);
  stop_own_group(SIGTSTP);
  (void)terminal_.resume(group_); // not when the shell continued us in the background
  ::kill(-group_, SIGCONT);
}

void JobControl::wait_for_terminal() {
  for (;;) {
    if (terminal_.take(group_, holds_))
      break;
    if (child_ended())
      return;
    {
      const std::lock_guard alone(terminal_.stopping());
      if (!terminal_.is_ours())
        stop_own_group(SIGTTIN);
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  holds_ = true;
}

} // namespace perch::lane
