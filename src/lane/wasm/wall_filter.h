#pragma once
// The system calls a guest's thread may make: those that WASI's file calls, the allocator and the
// engine need. All others fail with EPERM, among them whatever starts processes or threads, opens
// sockets, traces, mounts, or makes memory executable.

#include "sys/fd.h"

namespace perch::lane {

[[nodiscard]] bool filter_available();
/// Binds the calling thread to the filter, for good. False with errno set when the kernel refuses.
[[nodiscard]] bool install_filter();
/// The same, but each call that names a path waits for an answer at the descriptor that is
/// returned. -1: the kernel cannot do that, and nothing was done.
[[nodiscard]] sys::Fd install_telling_filter();

} // namespace perch::lane
