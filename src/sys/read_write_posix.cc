#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fs.h"
#include "sys/os_error.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

static void wait_for(int fd, short events) {
  pollfd item{.fd = fd, .events = events, .revents = 0};
  ::poll(&item, 1, -1);
}

constexpr std::uint64_t kStep = 64 << 10;

// Where to read next: what is allocated, or twice of it; one byte past the limit shows that there
// is more.
static std::size_t room(const std::string& text, std::uint64_t limit_bytes) {
  std::uint64_t free = text.capacity() - text.size();
  if (free == 0)
    free = std::max<std::uint64_t>(kStep, text.size());
  return std::min(free, limit_bytes - text.size() + 1);
}

Result<std::string> read_all(int fd, std::uint64_t limit_bytes, std::string_view path) {
  limit_bytes = std::min<std::uint64_t>(limit_bytes, SSIZE_MAX - 1);
  struct stat status{};
  bool sized = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  std::string text;
  // One byte more than a file has, to see its end without growing.
  std::uint64_t expected = sized ? static_cast<std::uint64_t>(status.st_size) : kStep - 1;
  text.reserve(std::min(expected, limit_bytes) + 1);
  for (;;) {
    ssize_t n = 0;
    std::size_t have = text.size();
    std::size_t ask = room(text, limit_bytes);
    text.resize_and_overwrite(have + ask, [&](char* bytes, std::size_t) {
      n = ::read(fd, bytes + have, ask);
      return have + static_cast<std::size_t>(std::max<ssize_t>(n, 0));
    });
    if (n == 0) {
      if (text.capacity() > 2 * text.size())
        text.shrink_to_fit();
      return text;
    }
    if (n < 0 && errno == EAGAIN)
      wait_for(fd, POLLIN);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      return os_fail(errno, "read", path);
    if (text.size() > limit_bytes) {
      return fail(kind::kOutputTooLarge,
                  base::cat("`", path, "` has more than ", limit_bytes, " bytes"),
                  std::string(path));
    }
  }
}

Status write_all(int fd, std::string_view bytes, std::string_view path) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      wait_for(fd, POLLOUT); // a stream that somebody who shares it made non-blocking
    } else if (errno != EINTR) {
      return os_fail(errno, "write to", path);
    }
  }
  return {};
}

} // namespace perch::sys
