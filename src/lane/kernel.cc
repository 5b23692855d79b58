#include "lane/kernel.h"

#include "sys/fd.h"

#include <cerrno>
#include <climits>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace perch::lane {

namespace {

/// A call with arguments it must refuse: only a kernel without it says that it does not exist.
template <class... Arguments>
bool exists(long number, Arguments... arguments) {
  return ::syscall(number, arguments...) >= 0 || errno != ENOSYS;
}

} // namespace

KernelFeatures kernel_features() {
  KernelFeatures out;
  utsname name{};
  if (::uname(&name) == 0) {
    out.release = name.release;
    out.machine = name.machine;
  }
  out.confinement = kernel_confinement();
  out.openat2 = exists(SYS_openat2, -1, "", nullptr, 0);
  out.execveat = exists(SYS_execveat, -1, "", nullptr, nullptr, 0);
  out.memfd = static_cast<bool>(
      sys::Fd(static_cast<int>(::syscall(SYS_memfd_create, "probe", MFD_CLOEXEC))));
  out.close_range = exists(SYS_close_range, UINT_MAX, 0U, 0);
  const sys::Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  out.pidfd = static_cast<bool>(self);
  out.root = ::geteuid() == 0;
  return out;
}

} // namespace perch::lane
