#include "sys/directory_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace perch::sys {

std::optional<Fd> lock_directory(const std::string& directory, Holders holders) {
  Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd)
    return std::nullopt;
  const int how = holders == Holders::One ? LOCK_EX | LOCK_NB : LOCK_SH;
  int failed = 0;
  do {
    failed = ::flock(fd.get(), how) == 0 ? 0 : errno;
  } while (failed == EINTR);
  if (failed == EWOULDBLOCK)
    return std::nullopt;
  // It may have been removed, or another put in its place, while we waited.
  struct stat locked{}, there{};
  if (::fstat(fd.get(), &locked) != 0 || ::lstat(directory.c_str(), &there) != 0 ||
      locked.st_dev != there.st_dev || locked.st_ino != there.st_ino)
    return std::nullopt;
  return fd;
}

} // namespace perch::sys
