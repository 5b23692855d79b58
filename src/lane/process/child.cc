#include "lane/process/child.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::lane {

#ifdef PERCH_SANITIZED
// ThreadSanitizer would take clone for a fork, which this is not, and refuse later threads.
extern "C" int __clone(int (*run)(void*), void* stack, int flags, void* argument, ...);
static constexpr auto* kCloneProcess = &__clone;
#else
static constexpr auto* kCloneProcess = &::clone;
#endif

// The new process shares our memory (CLONE_VM) and we wait until it is done with it
// (CLONE_VFORK): nothing is copied, whatever our size. From `child_main` down, therefore:
//   - only system calls, made through syscall(), which no sanitizer or library intercepts;
//   - no instrumentation, which would count the child's steps as our thread's;
//   - nothing written but the plan's results and the stack we lend.
#define PERCH_CHILD_CODE __attribute__((no_sanitize("address", "thread", "undefined"))) static

namespace {

constexpr std::size_t kStackBytes = 16 << 10;
constexpr int kMostDescriptors = 65'536;

struct Start {
  ChildPlan* plan;
  std::byte* stack; // of the process that a new session is made from
};

} // namespace

[[noreturn]] PERCH_CHILD_CODE void leave(ChildPlan& plan, Step step) {
  plan.error = errno;
  plan.failed = step;
  for (;;)
    ::syscall(SYS_exit_group, 127);
}

PERCH_CHILD_CODE void enter_group(ChildPlan& plan) {
  if (plan.new_session) {
    if (::syscall(SYS_setsid) < 0)
      leave(plan, Step::Group);
    return;
  }
  if (plan.group != 0 && ::syscall(SYS_setpgid, 0, plan.group) != 0)
    plan.group = 0;
  if (plan.group == 0 && ::syscall(SYS_setpgid, 0, 0) != 0)
    leave(plan, Step::Group);
  // Signals are blocked, so the terminal's current owner is not asked.
  if (plan.terminal >= 0) {
    int group = static_cast<int>(::syscall(SYS_getpgid, 0));
    ::syscall(SYS_ioctl, plan.terminal, TIOCSPGRP, &group);
  }
}

// Kills this process when the thread that made it ends, also when perch is killed outright.
PERCH_CHILD_CODE void tie_to_parent(ChildPlan& plan) {
  if (plan.parent == 0)
    return;
  ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  bool already_gone = ::syscall(SYS_getppid) != plan.parent;
  if (already_gone)
    leave(plan, Step::Make);
}

PERCH_CHILD_CODE void set_stdio(ChildPlan& plan) {
  // First everything that stands on a number it is not for is moved out of the way.
  for (int i = 0; i < 3; ++i) {
    int& from = plan.stdio[static_cast<std::size_t>(i)];
    if (from == i || from > 2)
      continue;
    from = static_cast<int>(::syscall(SYS_fcntl, from, F_DUPFD_CLOEXEC, 3));
    if (from < 0)
      leave(plan, Step::Stdio);
  }
  for (int i = 0; i < 3; ++i) {
    int from = plan.stdio[static_cast<std::size_t>(i)];
    long done = from == i ? ::syscall(SYS_fcntl, i, F_SETFD, 0) : ::syscall(SYS_dup3, from, i, 0);
    if (done < 0)
      leave(plan, Step::Stdio);
  }
}

// Nothing above 2 survives the program's start; closed only then, because the plan still needs
// some.
PERCH_CHILD_CODE void close_the_rest(const ChildPlan& plan) {
  if (::syscall(SYS_close_range, 3, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) {
    // A kernel before 5.11: one by one. What is not open fails, which is fine.
    for (int fd = 3; fd < kMostDescriptors; ++fd)
      ::syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  }
  if (plan.keep_program_fd)
    ::syscall(SYS_fcntl, plan.program_fd, F_SETFD, 0);
}

// What we handle gets its default action, before signals are let in: a handler of ours must not
// run in a process that shares our memory. What was ignored when perch started stays ignored,
// except for what perch itself ignores.
PERCH_CHILD_CODE void reset_signals() {
  struct {
    void* handler; // the first member of the kernel's struct on all that we build for
    long rest[8];
  } action;
  for (int number = 1; number < 32; ++number) {
    if (number == SIGKILL || number == SIGSTOP)
      continue;
    constexpr int kMaskBytes = 8;
    if (::syscall(SYS_rt_sigaction, number, nullptr, &action, kMaskBytes) != 0)
      continue;
    bool ignored = action.handler == reinterpret_cast<void*>(SIG_IGN);
    bool ours = number == SIGPIPE || number == SIGXFSZ;
    if (action.handler == nullptr || (ignored && !ours))
      continue;
    action.handler = nullptr;
    for (long& word : action.rest)
      word = 0;
    ::syscall(SYS_rt_sigaction, number, &action, nullptr, kMaskBytes);
  }
  unsigned long none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

// What would let the superuser look into processes past Landlock; and what would let it do more
// that is past Landlock, or change the kernel itself. Not being allowed to drop one means not
// having it.
PERCH_CHILD_CODE void drop_capabilities(const ChildPlan& plan) {
  constexpr int kLooking[] = {CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON};
  constexpr int kDoing[] = {
      CAP_DAC_READ_SEARCH, CAP_SYS_MODULE,   CAP_SYS_RAWIO, CAP_SYS_BOOT, CAP_MKNOD,
      CAP_MAC_ADMIN,       CAP_MAC_OVERRIDE, CAP_SYSLOG,    CAP_BPF,      CAP_CHECKPOINT_RESTORE,
      CAP_SYS_CHROOT,      CAP_SYS_TIME,
  };
  for (int capability : kLooking)
    ::syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
  if (plan.filter == nullptr)
    return;
  for (int capability : kDoing)
    ::syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
}

// From here on the process has given up, for itself and all it starts, what its plan forbids.
PERCH_CHILD_CODE void confine(ChildPlan& plan) {
  if (!plan.no_new_privileges)
    return;
  drop_capabilities(plan);
  if (::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    leave(plan, Step::Confine);
  if (plan.ruleset >= 0 && ::syscall(SYS_landlock_restrict_self, plan.ruleset, 0) != 0) {
    leave(plan, Step::Confine);
  }
  if (plan.filter != nullptr &&
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, plan.filter) != 0) {
    leave(plan, Step::Confine);
  }
}

[[noreturn]] PERCH_CHILD_CODE void become_program(ChildPlan& plan) {
  enter_group(plan);
  tie_to_parent(plan);
  set_stdio(plan);
  if (plan.directory != nullptr && ::syscall(SYS_chdir, plan.directory) != 0) {
    leave(plan, Step::Directory);
  }
  close_the_rest(plan);
  confine(plan);
  reset_signals();
  if (plan.program_fd >= 0) {
    ::syscall(SYS_execveat, plan.program_fd, "", plan.argv, plan.env, AT_EMPTY_PATH);
  } else {
    ::syscall(SYS_execve, plan.program, plan.argv, plan.env);
  }
  leave(plan, Step::Exec);
}

PERCH_CHILD_CODE int child_main(void* argument) {
  become_program(*static_cast<ChildPlan*>(argument));
}

// A new session is made by a process in between that ends at once, so that it is nobody's child
// and init collects it.
PERCH_CHILD_CODE int between_main(void* argument) {
  auto& start = *static_cast<Start*>(argument);
  start.plan->pid = kCloneProcess(child_main, start.stack + kStackBytes,
                                  CLONE_VM | CLONE_VFORK | SIGCHLD, start.plan);
  if (start.plan->pid < 0)
    leave(*start.plan, Step::Make);
  if (start.plan->failed != Step::None) {
    ::syscall(SYS_wait4, start.plan->pid, nullptr, 0, nullptr);
  }
  for (;;)
    ::syscall(SYS_exit_group, 0);
}

static void collect(int pid) {
  while (::waitid(P_PID, static_cast<id_t>(pid), nullptr, WEXITED) != 0 && errno == EINTR) {
  }
}

static void make_session(ChildPlan& plan, std::byte* stack, std::byte* second_stack) {
  Start start{&plan, second_stack};
  int between =
      kCloneProcess(between_main, stack + kStackBytes, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
  if (between >= 0) {
    collect(between);
  } else {
    plan.failed = Step::Make;
    plan.error = errno;
  }
}

static void make_own_child(ChildPlan& plan, std::byte* stack) {
  plan.pid = kCloneProcess(child_main, stack + kStackBytes,
                           CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &plan.pid_fd);
  if (plan.pid < 0) {
    plan.failed = Step::Make;
    plan.error = errno;
  } else if (plan.failed != Step::None) {
    collect(plan.pid);
    ::close(plan.pid_fd);
    plan.pid_fd = -1;
  }
}

void make_child(ChildPlan& plan) {
  alignas(16) std::byte stack[kStackBytes];
  alignas(16) std::byte second_stack[kStackBytes];
  plan.pid_fd = -1;
  plan.failed = Step::None;

  // Blocked until the child has its own handlers back: see reset_signals.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  if (plan.new_session) {
    make_session(plan, stack, second_stack);
  } else {
    make_own_child(plan, stack);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace perch::lane
