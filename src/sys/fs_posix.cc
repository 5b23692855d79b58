#include "sys/fs_posix.h"

#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/os_error.h"
#include "sys/real.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

static NodeType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFREG:
    return NodeType::Regular;
  case S_IFDIR:
    return NodeType::Directory;
  case S_IFLNK:
    return NodeType::Symlink;
  default:
    return NodeType::Other;
  }
}

static std::int64_t nanoseconds(const struct timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

NodeInfo node_info(const struct stat& status) {
  return {.type = type_of(status.st_mode),
          .size = static_cast<std::uint64_t>(status.st_size),
          .mode = status.st_mode & 07777,
          .mtime_ns = nanoseconds(status.st_mtim),
          .changed_ns = nanoseconds(status.st_ctim),
          .device = status.st_dev,
          .inode = status.st_ino,
          .uid = status.st_uid};
}

/// For fchmodat(), which needs /proc to leave links alone. Returns an errno, 0 for none.
static int change_mode_of_open(const Spot& spot, const char* name, std::uint32_t mode) {
  struct stat info{};
  if (::fstatat(spot.base.get(), name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return errno;
  if (S_ISLNK(info.st_mode))
    return ELOOP;
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
    return EOPNOTSUPP; // opening a device or a pipe may do something
  for (const int access : {O_RDONLY, O_WRONLY}) {
    const Fd file(
        ::openat(spot.base.get(), name, access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file)
      return ::fchmod(file.get(), mode) == 0 ? 0 : errno;
  }
  return errno;
}

Result<const char*> entry_name(const Spot& spot, std::string_view action) {
  if (spot.rest.find('/') == spot.rest.npos)
    return spot.rest.c_str();
  auto error = os_fail(ENOENT, action, spot.real);
  error.error().message += base::cat(": its directory does not exist");
  error.error().help = "make the directory first";
  return error;
}

static NodeType type_of_entry(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN)
    return type_of(DTTOIF(entry.d_type));
  struct stat status{};
  bool known = ::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  return known ? type_of(status.st_mode) : NodeType::Missing;
}

std::expected<Entries, int> scan_directory(int directory) {
  int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0)
    return std::unexpected(errno);
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own), ::closedir);
  if (stream == nullptr) {
    int number = errno;
    ::close(own);
    return std::unexpected(number);
  }
  Entries entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0)
      return std::unexpected(errno);
    if (entry == nullptr)
      return entries;
    std::string_view name = entry->d_name;
    if (name == "." || name == "..")
      continue;
    entries.emplace_back(name, type_of_entry(own, *entry));
  }
}

namespace {

class RealFs final : public Fs {
public:
  Result<Spot> locate(std::string_view absolute, Final final) override {
    return locate_posix(absolute, final);
  }
  bool leads_to_program(const std::string& absolute) override {
    struct stat status{};
    return ::stat(absolute.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & 0111) != 0;
  }
  Result<Fd> open(const Spot& spot, Access access, std::uint32_t create_mode) override;
  Result<Entries> list(const Spot& spot) override;
  Result<std::string> read_link(const Spot& spot) override;
  Status make_directories(const Spot& spot, std::uint32_t mode) override;
  Status remove_tree(const Spot& spot) override { return remove_tree_posix(spot); }
  Status rename(const Spot& from, const Spot& to) override;
  Status symlink(std::string_view target, const Spot& link) override;
  Status set_mode(const Spot& spot, std::uint32_t mode) override;
  Status touch(const Spot& spot) override;
  Result<std::unique_ptr<PendingReplace>> replace(const Spot& spot, std::uint32_t mode) override {
    return replace_posix(spot, mode);
  }
  Result<std::string> make_temporary(const Spot& directory, std::string_view prefix,
                                     NodeType type) override {
    return make_temporary_posix(directory, prefix, type);
  }
};

int flags_of(Access access) {
  switch (access) {
  case Access::Read:
    return O_RDONLY;
  case Access::Write:
    return O_WRONLY | O_CREAT | O_TRUNC;
  case Access::Append:
    return O_WRONLY | O_CREAT | O_APPEND;
  }
  return O_RDONLY;
}

// O_NOFOLLOW says ELOOP for a link as the last component.
std::unexpected<Error> open_failed(int number, std::string_view action, const Spot& spot) {
  if (number != ELOOP)
    return os_fail(number, action, spot.real);
  return fail(kind::kFileError,
              base::cat("cannot ", action, " `", spot.real, "`: it is a symbolic link"), spot.real);
}

Result<Fd> RealFs::open(const Spot& spot, Access access, std::uint32_t create_mode) {
  std::string_view action = access == Access::Read ? "open" : "write to";
  PERCH_TRY_ASSIGN(const char* name, entry_name(spot, action));
  // Not tried again after EINTR: only a pipe without its other end waits here, and then the signal
  // is what the user wants to act on.
  Fd fd(::openat(spot.base.get(), name, flags_of(access) | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
                 create_mode));
  if (!fd)
    return open_failed(errno, action, spot);
  return fd;
}

Result<Entries> RealFs::list(const Spot& spot) {
  PERCH_TRY_ASSIGN(const char* name, entry_name(spot, "list"));
  Fd fd(::openat(spot.base.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd)
    return os_fail(errno, "list", spot.real);
  auto entries = scan_directory(fd.get());
  if (!entries)
    return os_fail(entries.error(), "list", spot.real);
  return std::move(*entries);
}

Result<std::string> RealFs::read_link(const Spot& spot) {
  PERCH_TRY_ASSIGN(const char* name, entry_name(spot, "read the link"));
  char target[PATH_MAX];
  ssize_t n = ::readlinkat(spot.base.get(), name, target, sizeof target);
  if (n >= 0)
    return std::string(target, static_cast<std::size_t>(n));
  if (errno != EINVAL)
    return os_fail(errno, "read the link", spot.real);
  return fail(kind::kFileError, base::cat("`", spot.real, "` is not a symbolic link"), spot.real);
}

Status RealFs::make_directories(const Spot& spot, std::uint32_t mode) {
  Fd opened; // the directory reached so far, once it is not the base any more
  int at = spot.base.get();
  for (std::string_view part : base::split(spot.rest, '/')) {
    std::string name(part);
    int made = ::mkdirat(at, name.c_str(), mode);
    if (made != 0 && errno != EEXIST)
      return os_fail(errno, "make directory", spot.real);
    Fd next(::openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next && errno == ENOTDIR)
      return os_fail(EEXIST, "make directory", spot.real);
    if (!next)
      return os_fail(errno, "make directory", spot.real);
    opened = std::move(next);
    at = opened.get();
  }
  return {};
}

Status RealFs::rename(const Spot& from, const Spot& to) {
  PERCH_TRY_ASSIGN(const char* old_name, entry_name(from, "rename"));
  PERCH_TRY_ASSIGN(const char* new_name, entry_name(to, "rename to"));
  if (::renameat(from.base.get(), old_name, to.base.get(), new_name) == 0)
    return {};
  int number = errno;
  auto error = os_fail(number, "rename", from.real);
  error.error().message = base::cat(
      "cannot rename `", from.real, "` to `", to.real, "`: ",
      number == EXDEV ? "cross-device, they are on different file systems" : os_words(number));
  return error;
}

Status RealFs::symlink(std::string_view target, const Spot& link) {
  PERCH_TRY_ASSIGN(const char* name, entry_name(link, "make link"));
  if (target.find('\0') != target.npos) {
    return fail(kind::kBadArgument, "a path cannot contain a NUL byte", std::string(target));
  }
  if (::symlinkat(std::string(target).c_str(), link.base.get(), name) == 0)
    return {};
  return os_fail(errno, "make link", link.real);
}

Status RealFs::set_mode(const Spot& spot, std::uint32_t mode) {
  PERCH_TRY_ASSIGN(const char* name, entry_name(spot, "change the mode of"));
  int number = ::fchmodat(spot.base.get(), name, mode, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
  if (number == EOPNOTSUPP)
    number = change_mode_of_open(spot, name, mode);
  if (number != 0)
    return open_failed(number, "change the mode of", spot);
  return {};
}

Status RealFs::touch(const Spot& spot) {
  PERCH_TRY_ASSIGN(const char* name, entry_name(spot, "touch"));
  Fd made(::openat(spot.base.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (made)
    return {};
  if (errno != EEXIST)
    return os_fail(errno, "touch", spot.real);
  if (::utimensat(spot.base.get(), name, nullptr, AT_SYMLINK_NOFOLLOW) == 0)
    return {};
  return os_fail(errno, "touch", spot.real);
}

} // namespace

std::unique_ptr<Fs> real_fs() { return std::make_unique<RealFs>(); }

} // namespace perch::sys
