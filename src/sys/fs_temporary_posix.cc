#include "base/text.h"
#include "sys/fs_posix.h"
#include "sys/os_error.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

std::string unpredictable_name() {
  std::uint64_t number = 0;
  PERCH_ASSERT(::getrandom(&number, sizeof number, 0) == sizeof number);
  return base::cat(number);
}

Result<std::string> make_temporary_posix(const Spot& directory, std::string_view prefix,
                                         NodeType type) {
  PERCH_TRY_ASSIGN(const char* entry, entry_name(directory, "make a temporary file in"));
  const Fd in(::openat(directory.base.get(), entry, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!in)
    return os_fail(errno, "make a temporary file in", directory.real);
  std::string name = base::cat(prefix, unpredictable_name());
  // Neither follows a link or takes what is there already.
  if (type == NodeType::Directory) {
    if (::mkdirat(in.get(), name.c_str(), 0700) != 0)
      return os_fail(errno, "make a temporary directory in", directory.real);
    return name;
  }
  const Fd made(::openat(in.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made)
    return os_fail(errno, "make a temporary file in", directory.real);
  return name;
}

Result<std::optional<char>> last_byte(int fd, std::string_view path) {
  const off_t end = ::lseek(fd, 0, SEEK_END);
  if (end < 0 && errno == ESPIPE)
    return std::nullopt;
  if (end < 0)
    return os_fail(errno, "read", path);
  if (end == 0)
    return std::nullopt;
  char byte = 0;
  const ssize_t n = ::pread(fd, &byte, 1, end - 1);
  if (n < 0)
    return os_fail(errno, "read", path);
  return n == 1 ? std::optional(byte) : std::nullopt;
}

} // namespace perch::sys
