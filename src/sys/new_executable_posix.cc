#include "base/text.h"
#include "sys/fs_posix.h"
#include "sys/new_executable.h"
#include "sys/os_error.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

namespace {

constexpr mode_t kMode = 0755;

std::string temporary_name() { return base::cat(".perch-", unpredictable_name(), ".tmp"); }

} // namespace

Result<std::unique_ptr<NewExecutable>> NewExecutable::make(const Spot& target) {
  PERCH_TRY_ASSIGN(const char* name, entry_name(target, "write to"));
  Fd directory(::openat(target.base.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory)
    return os_fail(errno, "write to", target.real);
  std::string temporary;
  Fd file(::openat(directory.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kMode));
  if (!file && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    temporary = temporary_name();
    file = Fd(
        ::openat(directory.get(), temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
  }
  if (!file)
    return os_fail(errno, "write to", target.real);
  return std::unique_ptr<NewExecutable>(new NewExecutable(std::move(directory), std::move(file),
                                                          std::move(temporary), name, target.real));
}

NewExecutable::~NewExecutable() {
  if (!temporary_.empty())
    ::unlinkat(directory_.get(), temporary_.c_str(), 0);
}

Status NewExecutable::write(std::string_view bytes) { return write_all(file_.get(), bytes, path_); }

Status NewExecutable::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno != EINTR)
      return os_fail(errno, "write to", path_);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }
  return {};
}

/// Gives the file its final name when nothing has that, else a temporary one.
int NewExecutable::give_name() {
  const std::string own = base::cat("/proc/self/fd/", file_.get());
  const auto link_as = [&](const std::string& name) {
    return ::linkat(AT_FDCWD, own.c_str(), directory_.get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0
               ? 0
               : errno;
  };
  if (const int number = link_as(name_); number != EEXIST)
    return number;
  std::string temporary = temporary_name();
  if (const int number = link_as(temporary); number != 0)
    return number;
  temporary_ = std::move(temporary);
  return 0;
}

Status NewExecutable::commit() {
  if (::fsync(file_.get()) != 0)
    return os_fail(errno, "write to", path_);
  if (temporary_.empty()) {
    if (const int number = give_name(); number != 0)
      return os_fail(number, "write to", path_);
  }
  if (!temporary_.empty()) {
    if (::renameat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str()) != 0)
      return os_fail(errno, "replace", path_);
    temporary_.clear();
  }
  file_.reset(); // nobody can start a file that is open for writing
  // The name is to survive a crash as the bytes do; a file system that cannot promise it says so.
  if (::fsync(directory_.get()) != 0 && errno != EINVAL && errno != EBADF)
    return os_fail(errno, "write to", path_);
  return {};
}

} // namespace perch::sys
