#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fs_posix.h"
#include "sys/os_error.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

namespace {

// A new file beside the target, renamed over it at the end.
class BesideReplace final : public PendingReplace {
public:
  BesideReplace(Fd directory, Fd file, std::string temporary, std::string name, std::string path)
      : directory_(std::move(directory)), file_(std::move(file)), temporary_(std::move(temporary)),
        name_(std::move(name)), path_(std::move(path)) {}
  ~BesideReplace() override {
    if (!temporary_.empty())
      ::unlinkat(directory_.get(), temporary_.c_str(), 0);
  }

  Status write(std::string_view bytes) override { return write_all(file_.get(), bytes, path_); }

  Status commit() override {
    // Some file systems report a full disk only now.
    if (::close(file_.release()) != 0 && errno != EINTR)
      return os_fail(errno, "write to", path_);
    if (::renameat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str()) != 0) {
      return os_fail(errno, "replace", path_);
    }
    temporary_.clear();
    return {};
  }

private:
  Fd directory_;
  Fd file_;
  std::string temporary_; // its name now; empty once it has its final one
  std::string name_;
  std::string path_;
};

// A device, a pipe: it is written to, never replaced.
class DirectWrite final : public PendingReplace {
public:
  DirectWrite(Fd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  Status write(std::string_view bytes) override { return write_all(file_.get(), bytes, path_); }
  Status commit() override { return {}; }

private:
  Fd file_;
  std::string path_;
};

// The owner and mode of the file that is replaced. Another owner cannot always be given, and then
// the file becomes perch's own, without the bits that would act for that owner.
Status take_over(int file, const struct stat& old, const std::string& path) {
  mode_t mode = old.st_mode & 07777;
  struct stat now{};
  if (::fstat(file, &now) != 0)
    return os_fail(errno, "replace", path);
  bool same = now.st_uid == old.st_uid && now.st_gid == old.st_gid;
  if (!same && ::fchown(file, old.st_uid, old.st_gid) != 0)
    mode &= 0777;
  if (::fchmod(file, mode) != 0)
    return os_fail(errno, "replace", path);
  return {};
}

Result<std::unique_ptr<PendingReplace>> beside(const Spot& spot, std::uint32_t mode,
                                               const struct stat* old) {
  Fd directory(::fcntl(spot.base.get(), F_DUPFD_CLOEXEC, 3));
  if (!directory)
    return os_fail(errno, "replace", spot.real);
  std::string temporary = base::cat(".perch-", unpredictable_name(), ".tmp");
  Fd file(::openat(directory.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                   old != nullptr ? 0600 : mode));
  if (!file) {
    auto error = os_fail(errno, "write to", spot.real);
    if (old != nullptr)
      error.error().help = "replacing a file needs write permission for its directory";
    return error;
  }
  int number = file.get();
  auto pending = std::make_unique<BesideReplace>(std::move(directory), std::move(file),
                                                 std::move(temporary), spot.rest, spot.real);
  if (old != nullptr)
    PERCH_TRY(take_over(number, *old, spot.real));
  return pending;
}

} // namespace

Result<std::unique_ptr<PendingReplace>> replace_posix(const Spot& spot, std::uint32_t mode) {
  PERCH_TRY_ASSIGN(const char* name, entry_name(spot, "write to"));
  struct stat old{};
  if (::fstatat(spot.base.get(), name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT)
      return os_fail(errno, "write to", spot.real);
    return beside(spot, mode, nullptr);
  }
  if (S_ISDIR(old.st_mode))
    return os_fail(EISDIR, "write to", spot.real);
  if (S_ISLNK(old.st_mode))
    return os_fail(ELOOP, "write to", spot.real);
  if (!S_ISREG(old.st_mode)) {
    Fd file(::openat(spot.base.get(), name, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC));
    if (!file)
      return os_fail(errno, "write to", spot.real);
    return std::make_unique<DirectWrite>(std::move(file), spot.real);
  }
  // A file that may not be written is not replaced either, although the directory would allow it.
  if (::faccessat(spot.base.get(), name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) != 0) {
    return os_fail(errno, "write to", spot.real);
  }
  return beside(spot, mode, &old);
}

} // namespace perch::sys
