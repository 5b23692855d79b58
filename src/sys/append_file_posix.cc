#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/append_file.h"
#include "sys/fs.h"
#include "sys/os_error.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

namespace {

constexpr mode_t kOwnerOnly = 0600;

/// The end of the file, looked at through a handle of its own: ours can only write.
bool ends_torn(int fd, std::string_view shown) {
  const Fd reader(::open(base::cat("/proc/self/fd/", fd).c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader)
    return false; // a file that may be added to but not read is none of our business
  const auto last = last_byte(reader.get(), shown);
  return last && *last && **last != '\n';
}

struct Standing {
  bool named = false;
  std::uint64_t bytes = 0;
};

/// Asks for nothing else: Linux gives a file whose times were asked for an exact time at its next
/// write, which then has to change the inode and costs half as much again.
Standing standing_of(int fd) {
  struct statx seen{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_NLINK | STATX_SIZE, &seen) == 0)
    return {.named = seen.stx_nlink != 0, .bytes = seen.stx_size};
  struct stat status{}; // where a container's filter does not know statx
  if (::fstat(fd, &status) != 0)
    return {};
  return {.named = status.st_nlink != 0, .bytes = static_cast<std::uint64_t>(status.st_size)};
}

/// Why a file took a part of a record only.
int why_not_all(int fd) {
  struct rlimit limit{};
  const bool at_limit = ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
                        standing_of(fd).bytes >= limit.rlim_cur;
  return at_limit ? EFBIG : ENOSPC;
}

} // namespace

Result<AppendFile> AppendFile::open(const std::string& path, std::string_view shown) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
               kOwnerOnly));
  if (!fd && errno == ENXIO) {
    return fail(kind::kFileError,
                base::cat("cannot write to `", shown, "`: nobody reads that pipe"),
                std::string(shown), "start its reader first");
  }
  if (!fd)
    return os_fail(errno, "write to", shown);
  // It was only the opening that must not wait.
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) != 0)
    return os_fail(errno, "write to", shown);
  AppendFile file(std::move(fd), shown);
  PERCH_TRY(file.look());
  return file;
}

Result<AppendFile> AppendFile::borrow(int fd, std::string_view shown) {
  AppendFile file(Fd(fd), shown);
  file.borrowed_ = true;
  PERCH_TRY(file.look());
  return file;
}

AppendFile::~AppendFile() {
  if (borrowed_)
    (void)fd_.release();
}

Status AppendFile::look() {
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0)
    return os_fail(errno, "write to", shown_);
  regular_ = S_ISREG(status.st_mode);
  torn_ = regular_ && !borrowed_ && status.st_size > 0 && ends_torn(fd_.get(), shown_);
  return {};
}

/// What is written to a removed file is lost when perch ends, although every write succeeds; and
/// what was written to one that is shorter now is lost already.
Status AppendFile::check() {
  if (!regular_)
    return {};
  const Standing now = standing_of(fd_.get());
  std::string_view what;
  if (!now.named)
    what = "it was removed";
  else if (!borrowed_ && now.bytes < least_bytes_)
    what = "somebody has cut it";
  if (!what.empty()) {
    return fail(kind::kFileError, base::cat("cannot write to `", shown_, "`: ", what), shown_);
  }
  least_bytes_ = now.bytes;
  return {};
}

Status AppendFile::append(std::string_view record) {
  if (!torn_)
    return write_whole(record);
  torn_ = false;
  return write_whole(base::cat('\n', record));
}

Status AppendFile::write_whole(std::string_view record) {
  std::string_view left = record;
  while (!left.empty()) {
    const ssize_t n = ::write(fd_.get(), left.data(), left.size());
    if (n < 0 && errno == EAGAIN) { // a stream that somebody who shares it made non-blocking
      pollfd item{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
      ::poll(&item, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      return os_fail(errno, "write to", shown_);
    } else if (n > 0) {
      left.remove_prefix(static_cast<std::size_t>(n));
      least_bytes_ += static_cast<std::uint64_t>(n);
    }
    // A file takes less than all only when there is no room left; the rest would not be one piece.
    if (regular_ && n > 0 && !left.empty()) {
      torn_ = true;
      return os_fail(why_not_all(fd_.get()), "write to", shown_);
    }
  }
  return {};
}

Status AppendFile::sync() {
  if (::fdatasync(fd_.get()) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS)
    return {};
  return os_fail(errno, "write to", shown_);
}

} // namespace perch::sys
