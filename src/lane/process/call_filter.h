#pragma once
// System calls that a confined child may not make, as a seccomp program.

#include <linux/filter.h>
#include <vector>

namespace perch::lane {

/// What is forbidden apart from what always is: loading code into the kernel, changing mounts,
/// opening files by a handle instead of a path, the user's keyrings, limits of other processes,
/// typing into the terminal, and calls made the way of another architecture.
struct CallRules {
  bool no_network = false;  ///< no sockets but connected pairs within the child; no io_uring
  bool no_metadata = false; ///< no change of modes, owners, times and attributes: see confine.h
  bool no_local_sockets = false; ///< none of AF_UNIX but connected pairs; no io_uring
  bool no_shared_memory = false; ///< none of System V or POSIX queues that other processes have
  bool no_tracing = false;       ///< of any process, where Landlock cannot tell which
};

[[nodiscard]] bool filters_available();
[[nodiscard]] std::vector<sock_filter> call_filter(const CallRules& rules);

} // namespace perch::lane
