#include "sys/digest.h"
#include "sys/file_digest.h"
#include "sys/os_error.h"

#include <cerrno>
#include <ctime>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace perch::sys {

namespace {

/// The coarsest clock of a file system: FAT's.
constexpr std::int64_t kSettlesAfterNs = 2'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Result<FileDigest> stamp_of(int fd, std::string_view path) {
  struct stat status{};
  timespec now{};
  if (::fstat(fd, &status) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0)
    return os_fail(errno, "read", path);
  const std::int64_t changed = nanoseconds(status.st_ctim);
  return FileDigest{.sha256 = {},
                    .size = static_cast<std::uint64_t>(status.st_size),
                    .mtime_ns = nanoseconds(status.st_mtim),
                    .changed_ns = changed,
                    .settled = nanoseconds(now) - changed > kSettlesAfterNs};
}

} // namespace

Result<FileDigest> digest_file(int fd, std::string_view path) {
  // Before it is read: a change while it is read shows afterwards.
  PERCH_TRY_ASSIGN(FileDigest out, stamp_of(fd, path));
  Digest digest(DigestKind::Sha256);
  std::vector<char> buffer(256 << 10);
  off_t at = 0;
  while (true) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return os_fail(errno, "read", path);
    if (got == 0)
      break;
    digest.update({buffer.data(), static_cast<std::size_t>(got)});
    at += got;
  }
  out.sha256 = digest.hex();
  return out;
}

bool may_have_changed(int fd, const FileDigest& digest) {
  const Result<FileDigest> now = stamp_of(fd, {});
  return !now || !digest.settled || now->size != digest.size || now->mtime_ns != digest.mtime_ns ||
         now->changed_ns != digest.changed_ns;
}

} // namespace perch::sys
