#include "base/text.h"
#include "sys/fd.h"
#include "sys/os_error.h"
#include "sys/processes.h"

#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/prctl.h>
#include <unistd.h>

namespace perch::sys {

namespace {

constexpr std::string_view kDeleted = " (deleted)"; // what the kernel adds to a replaced file
constexpr std::size_t kCommBytes = 15;

/// The base name of the executable; empty when it may not be seen.
std::string executable_name(int process) {
  char target[PATH_MAX];
  const ssize_t n = ::readlinkat(process, "exe", target, sizeof target);
  if (n <= 0)
    return {};
  std::string_view path(target, static_cast<std::size_t>(n));
  if (path.ends_with(kDeleted))
    path.remove_suffix(kDeleted.size());
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string own_name(int process) {
  const Fd fd(::openat(process, "comm", O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t n = fd ? ::read(fd.get(), text, sizeof text) : -1;
  return n <= 0 ? std::string() : std::string(text, static_cast<std::size_t>(n - 1));
}

} // namespace

Result<bool> runs_elsewhere(std::string_view name) {
  if (name.empty()) // as is the name of one that is just ending
    return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), ::closedir);
  if (processes == nullptr)
    return os_fail(errno, "list", "/proc");
  while (const dirent* entry = ::readdir(processes.get())) {
    const auto pid = base::parse_int(entry->d_name);
    if (!pid || *pid == ::getpid())
      continue;
    const Fd process(
        ::openat(::dirfd(processes.get()), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!process)
      continue; // it has ended
    const std::string executable = executable_name(process.get());
    if (executable.empty() ? own_name(process.get()) == name.substr(0, kCommBytes)
                           : executable == name)
      return true;
  }
  return false;
}

void close_to_other_processes() {
#ifndef PERCH_SANITIZED
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

} // namespace perch::sys
