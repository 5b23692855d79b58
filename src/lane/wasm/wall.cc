#include "lane/wasm/wall.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/wasm/wall_filter.h"
#include "sys/os_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace perch::lane {

namespace {

// The kernel's interface, written out: the headers of old distributions know less of it than the
// kernels they run on.
struct RulesetAttr {
  std::uint64_t handled_access_fs, handled_access_net, scoped;
};
struct __attribute__((packed)) PathBeneathAttr {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
constexpr std::uint32_t kRulePathBeneath = 1;
constexpr std::uint32_t kGetVersion = 1;

enum Access : std::uint64_t {
  WriteFile = 1 << 1,
  ReadFile = 1 << 2,
  ReadDir = 1 << 3,
  RemoveDir = 1 << 4,
  RemoveFile = 1 << 5,
  MakeDir = 1 << 7,
  MakeReg = 1 << 8,
  MakeSym = 1 << 12,
  Refer = 1 << 13,
  Truncate = 1 << 14,
};
constexpr std::uint64_t kReadOnly = ReadFile | ReadDir;
constexpr std::uint64_t kReadWrite =
    kReadOnly | WriteFile | RemoveDir | RemoveFile | MakeDir | MakeReg | MakeSym | Refer | Truncate;

/// The version of Landlock in this kernel; 0 without one. Version 1 knows no way to allow a rename
/// between directories, so a guest would see errors that its declarations do not explain.
int landlock_version() {
  static const int version = [] {
    const long found = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kGetVersion);
    return found < 2 ? 0 : static_cast<int>(found);
  }();
  return version;
}

/// Everything a version can forbid.
RulesetAttr all_of(int version) {
  RulesetAttr attr{};
  attr.handled_access_fs = (1ull << 14) - 1;
  if (version >= 3)
    attr.handled_access_fs |= Truncate;
  if (version >= 5)
    attr.handled_access_fs |= 1 << 15; // device ioctl
  if (version >= 4)
    attr.handled_access_net = 3; // bind and connect
  if (version >= 6)
    attr.scoped = 3; // abstract sockets and signals outside
  return attr;
}

std::size_t attr_size(int version) {
  if (version >= 6)
    return sizeof(RulesetAttr);
  return version >= 4 ? 16 : 8;
}

auto refused(std::string_view what) {
  return fail(kind::kConfinementUnavailable,
              base::cat("the kernel refused to confine a guest's thread (", what,
                        "): ", sys::os_words(errno)));
}

Status allow(int ruleset, std::uint64_t handled, const Mount& mount) {
  const sys::Fd directory(::open(path_of(mount).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory)
    return cannot_mount(mount, errno);
  const PathBeneathAttr rule{(mount.writable ? kReadWrite : kReadOnly) & handled, directory.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &rule, 0) != 0)
    return refused("Landlock rule");
  return {};
}

} // namespace

KernelWall kernel_wall() {
  return {.files = landlock_version() > 0, .system_calls = filter_available()};
}

std::string path_of(const Mount& mount) {
  return mount.handle < 0 ? mount.host : base::cat("/proc/self/fd/", mount.handle);
}

std::unexpected<Error> cannot_mount(const Mount& mount, int number) {
  // What is open is there, whatever has become of its name.
  if (number == ENOENT && mount.handle >= 0)
    return fail(kind::kFileError,
                base::cat("cannot mount `", mount.host,
                          "`: there is no /proc here, through which modules get their directories"),
                mount.host, "mount proc at /proc");
  return sys::os_fail(number, "mount", mount.host);
}

Result<WallKey> wall_key(const std::vector<Mount>& mounts) {
  WallKey key;
  for (const Mount& mount : mounts) {
    struct stat info{};
    if (::stat(path_of(mount).c_str(), &info) != 0)
      return cannot_mount(mount, errno);
    key.places.push_back({info.st_dev, info.st_ino, mount.writable});
  }
  std::ranges::sort(key.places);
  return key;
}

Result<Wall> Wall::build(const std::vector<Mount>& mounts, bool required) {
  if (required && !kernel_wall().whole())
    return fail(
        kind::kConfinementUnavailable,
        base::cat("this kernel has no ",
                  kernel_wall().files ? "seccomp filters" : "Landlock (Linux 5.19 or newer)",
                  " to confine a guest's thread"),
        {}, "leave out --require-kernel-wall to run with the first wall alone");
  Wall wall;
  const int version = landlock_version();
  if (version == 0)
    return wall;
  const RulesetAttr attr = all_of(version);
  wall.ruleset_ = sys::Fd(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, attr_size(version), 0)));
  if (!wall.ruleset_)
    return refused("Landlock ruleset");
  for (const Mount& mount : mounts)
    PERCH_TRY(allow(wall.ruleset_.get(), attr.handled_access_fs, mount));
  return wall;
}

Status Wall::enter(sys::Fd* listener) && {
  const sys::Fd ruleset = std::move(ruleset_);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return refused("no new privileges");
  if (ruleset && ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return refused("Landlock");
  if (!filter_available())
    return {};
  if (listener != nullptr)
    *listener = install_telling_filter();
  const bool told = listener != nullptr && *listener;
  if (!told && !install_filter())
    return refused("seccomp");
  return {};
}

} // namespace perch::lane
