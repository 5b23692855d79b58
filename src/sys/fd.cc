#include "sys/fd.h"

#include <unistd.h>

namespace perch::sys {

void Fd::reset() {
  // Never again after EINTR: Linux has closed it by then, and the number may be someone else's.
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

} // namespace perch::sys
