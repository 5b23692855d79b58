#include "sys/digest.h"
#include "sys/fd.h"
#include "sys/file_digest.h"
#include "sys/os_error.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <vector>

namespace perch::sys {

namespace {

/// The coarsest clock of a file system: FAT's.
constexpr std::time_t kClockStepSeconds = 2;

std::array<char, 40> read_boot_id() {
  std::array<char, 40> id{};
  const Fd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  if (file)
    std::ignore = ::read(file.get(), id.data(), id.size());
  return id;
}

} // namespace

bool FileMark::is_settled(std::time_t now_s) const { return now_s - changed_s > kClockStepSeconds; }

FileMark mark_of(const struct stat& info) {
  static const std::array<char, 40> boot = read_boot_id();
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = static_cast<std::uint64_t>(info.st_size),
          .changed_s = info.st_ctim.tv_sec,
          .changed_ns = info.st_ctim.tv_nsec,
          .boot = boot};
}

Result<FileDigest> digest_file(int fd, std::string_view path) {
  // Before it is read: a change while it is read shows afterwards.
  struct stat info{};
  if (::fstat(fd, &info) != 0)
    return os_fail(errno, "read", path);
  const FileMark mark = mark_of(info);
  const bool settled = mark.is_settled(std::time(nullptr));
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
  return FileDigest{.sha256 = digest.hex(), .mark = mark, .settled = settled};
}

bool may_have_changed(int fd, const FileDigest& digest) {
  struct stat info{};
  return !digest.settled || ::fstat(fd, &info) != 0 || mark_of(info) != digest.mark;
}

} // namespace perch::sys
