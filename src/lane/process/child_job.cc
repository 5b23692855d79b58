#include "lane/process/child_job.h"

#include "sys/os_error.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::lane {

namespace {

std::int64_t nanoseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_usec} * 1'000;
}

// Collects the process. Unlike the library's waitid, the system's also says what it used.
int collect(int pid, siginfo_t& info, rusage& used) {
  for (;;) {
    if (::syscall(SYS_waitid, P_PID, pid, &info, WEXITED, &used) == 0)
      return 0;
    if (errno != EINTR)
      return errno;
  }
}

} // namespace

ChildJob::~ChildJob() {
  if (finished_)
    return;
  terminate(Force::Now);
  (void)finish();
}

bool ChildJob::has_ended() const {
  siginfo_t info = {};
  const int options = WEXITED | WNOHANG | WNOWAIT;
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, options) == 0 && info.si_pid != 0;
}

// Whether it held the terminal. The process is dead but not collected after this, so its number
// still means it.
bool ChildJob::wait_for_end() {
  const bool held = control_ != nullptr && control_->wait();
  control_.reset();
  siginfo_t info = {};
  auto id = static_cast<id_t>(pid_);
  while (::waitid(P_PID, id, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  return held;
}

// Whether it was the last one.
bool ChildJob::leave_group() {
  return std::erase(group_->members, pid_) != 0 && group_->members.empty();
}

Ended ChildJob::finish() {
  PERCH_ASSERT(!finished_);
  const bool held = (control_ != nullptr || terminated_) && wait_for_end();
  if (leave_group()) {
    // What was told to end, ends: also what the child left behind in its group.
    if (terminated_)
      ::kill(-group_->id, SIGKILL);
    group_->id = 0;
  }
  finished_ = true;

  siginfo_t info = {};
  rusage used = {};
  Ended ended;
  if (int number = collect(pid_, info, used); number != 0) {
    ended.how = Ended::How::Failed;
    ended.error = sys::os_fail(number, "collect a child process", "").error();
    return ended;
  }
  ended.how = info.si_code == CLD_EXITED ? Ended::How::Exited : Ended::How::Signalled;
  ended.code = info.si_status;
  ended.core_dumped = info.si_code == CLD_DUMPED;
  ended.interrupted =
      held && ended.how == Ended::How::Signalled && (ended.code == SIGINT || ended.code == SIGQUIT);
  ended.usage = {.user_ns = nanoseconds(used.ru_utime),
                 .system_ns = nanoseconds(used.ru_stime),
                 .peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024};
  return ended;
}

void ChildJob::terminate(Force force) {
  if (finished_)
    return;
  terminated_ = true;
  if (force == Force::Now) {
    signal(SIGKILL);
  } else {
    signal(SIGTERM);
    signal(SIGCONT); // a stopped process acts on nothing else
  }
}

void ChildJob::signal(int number) {
  auto& members = group_->members;
  if (members.size() > 1 && has_ended())
    (void)leave_group(); // another one speaks for those that run
  if (std::ranges::find(members, pid_) == members.end())
    return;
  // A child may have left the group that it was started in.
  const bool elsewhere = ::getpgid(pid_) != group_->id;
  // All members are told, one by one; a program must not take that for several signals.
  if (members.front() == pid_)
    ::kill(-group_->id, number);
  if (elsewhere || number == SIGKILL)
    ::kill(pid_, number);
}

} // namespace perch::lane
