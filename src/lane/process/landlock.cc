#include "lane/process/landlock.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/os_error.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace perch::lane {

namespace {

// The kernel's interface, written out: the headers of old distributions know less of it than the
// kernels they run on.
struct RulesetAttr {
  std::uint64_t access_fs, access_net, scoped;
};
struct [[gnu::packed]] PathBeneathAttr {
  std::uint64_t access;
  std::int32_t fd;
};
constexpr std::uint32_t kPathBeneath = 1;
constexpr std::uint32_t kGetVersion = 1;

constexpr std::uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2;
constexpr std::uint64_t kReadDirectory = 1 << 3;
constexpr std::uint64_t kRemoveAndMake = 0x1ff0; // directories, files, devices, sockets, links
constexpr std::uint64_t kRefer = 1 << 13;        // to another directory, since version 2
constexpr std::uint64_t kTruncate = 1 << 14;     // since version 3
constexpr std::uint64_t kDeviceIoctl = 1 << 15;  // since version 5

constexpr std::uint64_t kRead = kExecute | kReadFile | kReadDirectory;
constexpr std::uint64_t kChange = kWriteFile | kTruncate | kDeviceIoctl;
constexpr std::uint64_t kWrite = kChange | kRemoveAndMake | kRefer;
// Whoever can make a device can reach what is behind it, from any directory.
constexpr std::uint64_t kMakeDevices = 1 << 6 | 1 << 11;
constexpr std::uint64_t kOfFiles = kExecute | kReadFile | kChange;

constexpr std::uint64_t kBindAndConnectTcp = 3;
constexpr std::uint64_t kScopeAbstractSockets = 1, kScopeSignals = 2;

std::uint64_t known_fs(int version) {
  std::uint64_t known = (kRefer << 1) - 1;
  if (version >= 3)
    known |= kTruncate;
  if (version >= 5)
    known |= kDeviceIoctl;
  return known;
}

std::size_t attr_size(int version) {
  if (version >= 6)
    return sizeof(RulesetAttr);
  return version >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

} // namespace

int landlock_version() {
  const long found = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kGetVersion);
  return found < 0 ? 0 : static_cast<int>(found);
}

Result<Ruleset> Ruleset::make(const Restrictions& restrictions, int version) {
  RulesetAttr attr{};
  // What moves between directories is forbidden by every ruleset that does not allow it.
  attr.access_fs = kRefer;
  if (restrictions.reading)
    attr.access_fs |= kRead;
  if (restrictions.writing)
    attr.access_fs |= kWrite & known_fs(version);
  if (restrictions.tcp && version >= 4)
    attr.access_net = kBindAndConnectTcp;
  if (restrictions.abstract_sockets && version >= 6)
    attr.scoped |= kScopeAbstractSockets;
  if (restrictions.signals && version >= 6)
    attr.scoped |= kScopeSignals;

  Ruleset made;
  made.handled_ = attr.access_fs;
  made.fd_ = sys::Fd(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, attr_size(version), 0)));
  if (!made.fd_) {
    return fail(kind::kConfinementUnavailable,
                base::cat("the kernel refused a Landlock ruleset: ", sys::os_words(errno)));
  }
  if (!restrictions.writing)
    PERCH_TRY(made.allow("/", kRefer, Place::Required));
  return made;
}

Status Ruleset::allow_reading(const std::string& path, Place place) {
  return allow(path, kRead, place);
}

Status Ruleset::allow_writing(const std::string& path, Place place) {
  return allow(path, kWrite & ~kMakeDevices, place);
}

Status Ruleset::allow_changing(const std::string& path, Place place) {
  return allow(path, kChange, place);
}

Status Ruleset::allow_reading(int file, const std::string& path) {
  return allow(file, kRead & kOfFiles, path);
}

Status Ruleset::allow_stream(int file, bool changing, const std::string& name) {
  struct stat status{};
  // A rule for a directory would be for all below it.
  if (::fstat(file, &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)))
    return {};
  // What was opened for reading only must not become writable by being opened again.
  const bool writable = (::fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY;
  return allow(file, changing && writable ? kChange : kReadFile, name);
}

namespace {

int open_place(const std::string& path, Place place) {
  if (place == Place::System)
    return ::open(path.c_str(), O_PATH | O_CLOEXEC);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
}

} // namespace

Status Ruleset::allow(const std::string& path, std::uint64_t access, Place place) {
  if ((access & handled_) == 0)
    return {};
  const sys::Fd fd(open_place(path, place));
  if (fd)
    return allow(fd.get(), access, path);
  if (errno == ELOOP && place == Place::Required) {
    return fail(kind::kFilePermissionDenied,
                base::cat("cannot allow a child process to use `", path,
                          "`: there is a symbolic link in it now"),
                path);
  }
  if (place == Place::Required)
    return sys::os_fail(errno, "allow a child process to use", path);
  return {};
}

Status Ruleset::allow(int file, std::uint64_t access, const std::string& path) {
  struct stat status{};
  if (::fstat(file, &status) != 0)
    return sys::os_fail(errno, "allow a child process to use", path);
  access &= S_ISDIR(status.st_mode) ? handled_ : handled_ & kOfFiles;
  const PathBeneathAttr rule{access, file};
  if (access != 0 && ::syscall(SYS_landlock_add_rule, fd_.get(), kPathBeneath, &rule, 0) != 0 &&
      errno != EBADFD) { // what is on no file system of the machine needs no rule
    return fail(
        kind::kConfinementUnavailable,
        base::cat("the kernel refused a Landlock rule for `", path, "`: ", sys::os_words(errno)),
        path);
  }
  return {};
}

} // namespace perch::lane
