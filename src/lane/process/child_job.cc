#include "lane/process/child_job.h"

#include "sys/os_error.h"

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

// The process is dead but not collected after this, so its number still means it.
void ChildJob::wait_for_end() {
  control_.reset();
  siginfo_t info = {};
  auto id = static_cast<id_t>(pid_);
  while (::waitid(P_PID, id, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

Ended ChildJob::finish() {
  PERCH_ASSERT(!finished_);
  if (control_ != nullptr || terminated_)
    wait_for_end();
  // What was told to end, ends: also what the child left behind in its group.
  if (terminated_)
    ::kill(-group_, SIGKILL);
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
  if (finished_)
    return;
  // A child may have left the group that it was started in.
  bool elsewhere = ::getpgid(pid_) != group_;
  ::kill(-group_, number);
  if (elsewhere)
    ::kill(pid_, number);
}

} // namespace perch::lane
