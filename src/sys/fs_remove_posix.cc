#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fs_posix.h"
#include "sys/os_error.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

namespace {

struct Level {
  std::string name; // in the level above
  dev_t device;
  ino_t inode;
  std::vector<std::string> directories; // still to be removed
};

// Removes a directory and all below it with one handle, whatever the depth: on the way down names
// are opened without following links; on the way up `..` must be the very directory it came from.
class Removal {
public:
  explicit Removal(const Spot& spot) : spot_(spot) {}

  Status run(const char* name);

private:
  Status enter(int parent, std::string name);
  Status leave();
  Status remove_entry(int directory, const std::string& name);
  [[nodiscard]] std::string path(std::string_view below) const;
  [[nodiscard]] std::unexpected<Error> failed(int number, std::string_view name) const {
    return os_fail(number, "remove", path(name));
  }

  const Spot& spot_;
  Fd at_; // the directory of levels_.back()
  std::vector<Level> levels_;
};

std::string Removal::path(std::string_view below) const {
  std::string text = spot_.real;
  for (std::size_t i = 1; i < levels_.size(); ++i)
    text += base::cat('/', levels_[i].name);
  return below.empty() ? text : base::cat(text, '/', below);
}

// What is no directory any more, or never was, is unlinked; what is gone is fine.
Status Removal::remove_entry(int directory, const std::string& name) {
  if (::unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT)
    return {};
  return failed(errno, name);
}

// Opens directory `name` of `parent`, makes it the current one and removes all but directories.
Status Removal::enter(int parent, std::string name) {
  Fd fd(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return {};
  if (!fd && (errno == ENOTDIR || errno == ELOOP))
    return remove_entry(parent, name);
  if (!fd)
    return failed(errno, name);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0)
    return failed(errno, name);
  at_ = std::move(fd);
  levels_.push_back({std::move(name), status.st_dev, status.st_ino, {}});

  auto entries = scan_directory(at_.get());
  if (!entries)
    return failed(entries.error(), "");
  for (auto& [entry, type] : *entries) {
    if (type == NodeType::Directory) {
      levels_.back().directories.push_back(std::move(entry));
    } else {
      PERCH_TRY(remove_entry(at_.get(), entry));
    }
  }
  return {};
}

// Goes back to the level above and removes the directory just emptied.
Status Removal::leave() {
  const Level& above = levels_[levels_.size() - 2];
  Fd parent(::openat(at_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat status{};
  if (!parent || ::fstat(parent.get(), &status) != 0)
    return failed(errno, "");
  if (status.st_dev != above.device || status.st_ino != above.inode) {
    return fail(kind::kFileError,
                base::cat("cannot remove `", path(""), "`: it was moved in the meantime"),
                path(""));
  }
  at_ = std::move(parent);
  if (::unlinkat(at_.get(), levels_.back().name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return failed(errno, "");
  }
  levels_.pop_back();
  return {};
}

Status Removal::run(const char* name) {
  PERCH_TRY(enter(spot_.base.get(), name));
  while (!levels_.empty()) {
    std::vector<std::string>& directories = levels_.back().directories;
    if (!directories.empty()) {
      std::string next = std::move(directories.back());
      directories.pop_back();
      PERCH_TRY(enter(at_.get(), std::move(next)));
    } else if (levels_.size() > 1) {
      PERCH_TRY(leave());
    } else {
      levels_.pop_back();
    }
  }
  if (::unlinkat(spot_.base.get(), name, AT_REMOVEDIR) == 0 || errno == ENOENT)
    return {};
  return failed(errno, "");
}

} // namespace

Status remove_tree_posix(const Spot& spot) {
  if (spot.rest == ".")
    return os_fail(EBUSY, "remove", spot.real);
  if (spot.rest.find('/') != spot.rest.npos)
    return {}; // its parents are missing
  const char* name = spot.rest.c_str();
  if (::unlinkat(spot.base.get(), name, 0) == 0 || errno == ENOENT)
    return {};
  int number = errno;
  // EPERM is how other systems say EISDIR, and also what a file that must not be removed gets.
  struct stat status{};
  bool is_directory = ::fstatat(spot.base.get(), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                      S_ISDIR(status.st_mode);
  if (!is_directory)
    return os_fail(number, "remove", spot.real);
  return Removal(spot).run(name);
}

} // namespace perch::sys
