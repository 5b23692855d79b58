#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fs_posix.h"
#include "sys/os_error.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace perch::sys {

namespace {

constexpr int kMaxLinks = 40; // as the kernel

// A walk along one path. Every step opens one name in the directory reached so far and follows no
// link by itself: links are read and their text is walked instead, so `done` is always the real
// path of `directory` at the time of the walk.
class Walk {
public:
  Walk(std::string_view path, Final final) : path_(path), final_(final) {}

  Result<Spot> run();

private:
  void push(std::string_view text);
  Status restart_above();
  Status open_root();
  bool leap();
  Status follow(const std::string& name);
  Result<bool> enter(std::string name);
  Result<std::optional<Spot>> end_at(const std::string& name);
  Result<Spot> missing();
  [[nodiscard]] std::string real(std::string_view below) const;
  [[nodiscard]] std::unexpected<Error> not_a_directory(const std::string& name) const;

  std::string_view path_;
  Final final_;
  bool must_be_directory_ = false;
  Fd directory_;
  std::vector<std::string> done_;
  std::vector<std::string> todo_; // the next component is the last element
  int links_ = 0;
};

std::string Walk::real(std::string_view below) const {
  std::string path;
  for (const std::string& name : done_)
    path += base::cat('/', name);
  return base::cat(path, '/', below);
}

std::unexpected<Error> Walk::not_a_directory(const std::string& name) const {
  return fail(kind::kFileNotFound,
              base::cat("cannot reach `", path_, "`: `", real(name), "` is not a directory"),
              std::string(path_));
}

// Puts the components of `text` before what is left to walk.
void Walk::push(std::string_view text) {
  if (todo_.empty() && (text.ends_with('/') || text.ends_with("/.")))
    must_be_directory_ = true;
  std::vector<std::string_view> names = base::split(text, '/');
  std::ranges::reverse(names);
  for (std::string_view name : names) {
    if (!name.empty() && name != ".")
      todo_.emplace_back(name);
  }
}

Status Walk::open_root() {
  directory_ = Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory_)
    return os_fail(errno, "open", "/");
  done_.clear();
  return {};
}

// Most paths have no link and no `..` before their last component: such a one is walked by the
// kernel in one call, to where the walk below would come. False when it is not such a path.
bool Walk::leap() {
  if (todo_.size() < 3 || std::ranges::find(todo_, "..") != todo_.end())
    return false;
  std::string parents;
  for (std::size_t i = todo_.size(); i > 1; --i)
    parents += base::cat('/', todo_[i - 1]);
  open_how how{
      .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_NO_SYMLINKS};
  Fd reached(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, parents.c_str(), &how, sizeof how)));
  if (!reached)
    return false;
  directory_ = std::move(reached);
  std::move(todo_.rbegin(), todo_.rend() - 1, std::back_inserter(done_));
  todo_.resize(1);
  return true;
}

// After `..`: the parent is not asked of the kernel, which would answer for the place where the
// directory is now, and somebody may just have moved it. What is left of the real path is walked
// again from the root, so the handle and `done_` never come apart.
Status Walk::restart_above() {
  if (!done_.empty())
    done_.pop_back();
  for (; !todo_.empty() && todo_.back() == ".."; todo_.pop_back()) {
    if (!done_.empty())
      done_.pop_back();
  }
  std::ranges::reverse(done_);
  std::ranges::move(done_, std::back_inserter(todo_));
  return open_root();
}

// The links of procfs that stand for an open file, a namespace or a working directory: what the
// kernel would open is not what their text says.
bool is_magic(int directory, std::string_view target) {
  bool is_description = target.starts_with('/') || target.find_first_of(":(") != target.npos;
  struct statfs system{};
  return is_description && ::fstatfs(directory, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

// Replaces `name`, which is no directory, by the text of the link it is.
Status Walk::follow(const std::string& name) {
  char target[PATH_MAX];
  ssize_t n = ::readlinkat(directory_.get(), name.c_str(), target, sizeof target);
  if (n < 0 && errno == EINVAL)
    return not_a_directory(name);
  if (n < 0)
    return os_fail(errno, "reach", real(name));
  std::string_view text(target, static_cast<std::size_t>(n));
  if (++links_ > kMaxLinks)
    return os_fail(ELOOP, "reach", path_);
  if (is_magic(directory_.get(), text)) {
    return fail(kind::kFilePermissionDenied,
                base::cat("cannot reach `", path_, "`: `", real(name),
                          "` is a link into a running process"),
                std::string(path_), base::cat("name the file itself: `", text, "`"));
  }
  push(text);
  if (text.starts_with('/'))
    return open_root();
  return {};
}

// The place is todo_, below what exists.
Result<Spot> Walk::missing() {
  if (std::ranges::find(todo_, "..") != todo_.end())
    return os_fail(ENOENT, "reach", path_);
  std::ranges::reverse(todo_);
  std::string rest = base::join(todo_, "/");
  std::string where = real(rest);
  return Spot{
      .base = std::move(directory_), .rest = std::move(rest), .real = std::move(where), .info = {}};
}

// The last component: the place itself, or nothing yet when it is a link to walk on from.
Result<std::optional<Spot>> Walk::end_at(const std::string& name) {
  struct stat status{};
  if (::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT)
      return os_fail(errno, "reach", real(name));
    todo_.push_back(name);
    return missing();
  }
  if (S_ISLNK(status.st_mode) && (final_ == Final::Follow || must_be_directory_)) {
    PERCH_TRY(follow(name));
    return std::nullopt;
  }
  if (must_be_directory_ && !S_ISDIR(status.st_mode))
    return not_a_directory(name);
  std::string where = name == "." ? "/" : real(name);
  return Spot{.base = std::move(directory_),
              .rest = name,
              .real = std::move(where),
              .info = node_info(status)};
}

// Any other component: enters it, or walks on from the link it is. True when it is missing.
Result<bool> Walk::enter(std::string name) {
  // O_DIRECTORY also mounts what is mounted on demand.
  Fd next(::openat(directory_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC));
  if (next) {
    directory_ = std::move(next);
    done_.push_back(std::move(name));
    return false;
  }
  if (errno == ENOENT) {
    todo_.push_back(std::move(name));
    return true;
  }
  if (errno != ENOTDIR && errno != ELOOP)
    return os_fail(errno, "reach", real(name));
  PERCH_TRY(follow(name));
  return false;
}

Result<Spot> Walk::run() {
  push(path_);
  if (!leap())
    PERCH_TRY(open_root());
  while (!todo_.empty()) {
    std::string name = std::move(todo_.back());
    todo_.pop_back();
    if (name == "..") {
      PERCH_TRY(restart_above());
    } else if (todo_.empty()) {
      PERCH_TRY_ASSIGN(std::optional<Spot> spot, end_at(name));
      if (spot)
        return std::move(*spot);
    } else {
      PERCH_TRY_ASSIGN(bool is_missing, enter(std::move(name)));
      if (is_missing)
        return missing();
    }
  }
  PERCH_TRY_ASSIGN(std::optional<Spot> root, end_at("."));
  return std::move(*root);
}

} // namespace

Result<Spot> locate_posix(std::string_view absolute, Final final) {
  PERCH_ASSERT(absolute.starts_with('/'));
  if (absolute.find('\0') != absolute.npos) {
    return fail(kind::kBadArgument, "a path cannot contain a NUL byte", std::string(absolute));
  }
  return Walk(absolute, final).run();
}

} // namespace perch::sys
