#pragma once
// Making a process: what its first steps need, prepared before, and the one function that takes
// them between the new process's birth and its program.

#include <array>
#include <cstdint>

struct sock_fprog;

namespace perch::lane {

/// Which of the first steps failed.
enum class Step : std::uint8_t { None, Make, Group, Stdio, Directory, Confine, Exec };

/// Everything the new process needs, as plain data: it shares our memory until it runs its program
/// and may not allocate, lock or call anything but the system. Descriptors are above 2, except
/// those of `stdio`, which may be any, in any order.
struct ChildPlan {
  const char* program = nullptr; ///< as argv[0] is not: the file
  int program_fd = -1;           ///< instead of `program`
  bool keep_program_fd = false;  ///< a script: its interpreter opens it again by number
  char* const* argv = nullptr;
  char* const* env = nullptr;
  const char* directory = nullptr; ///< null: ours
  std::array<int, 3> stdio = {0, 1, 2};
  int group = 0; ///< to join; 0: its own. Set to 0 when that group is gone.
  bool new_session = false;
  int parent = 0;    ///< dies when this process, ours, does; 0: lives on
  int terminal = -1; ///< to be taken by its group
  bool no_new_privileges = false;
  int ruleset = -1;                   ///< Landlock's
  const sock_fprog* filter = nullptr; ///< seccomp's

  // Results.
  int pid = 0;
  int pid_fd = -1; ///< -1 for a new session, which is nobody's child
  Step failed = Step::None;
  int error = 0; ///< errno of the step that failed
};

/// Makes the process and waits until its program runs or a step failed (`plan.failed`); then no
/// process is left behind. The calling thread is suspended meanwhile, others go on. As with any
/// process: if the calling thread ends, the kernel kills the child (unless plan.parent is 0).
void make_child(ChildPlan& plan);

} // namespace perch::lane
