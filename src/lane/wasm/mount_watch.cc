#include "lane/wasm/mount_watch.h"

#include "base/text.h"
#include "sys/fs.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace perch::lane {

namespace {

using Use = MountUses::Use;

// Newer than the headers of old distributions.
constexpr std::uint32_t kContinue = 1;

/// The directory that a descriptor of this process is; empty when it is none.
std::string directory_of(std::uint64_t fd) {
  const std::string link = base::cat("/proc/self/fd/", static_cast<int>(fd));
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

bool changes(std::uint64_t open_flags) {
  return (open_flags & O_ACCMODE) != O_RDONLY || (open_flags & (O_CREAT | O_TRUNC)) != 0;
}

/// What a guest's thread, which is one of this process, points to with an argument. That thread may
/// have been stopped meanwhile and be gone with its stack, so the kernel copies; false: it is gone.
template <class T>
bool argument(std::uint64_t address, T& out) {
  iovec to{.iov_base = &out, .iov_len = sizeof out};
  iovec from{.iov_base = reinterpret_cast<void*>(address), .iov_len = sizeof out};
  return ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) == ssize_t{sizeof out};
}

/// What a call does to the directory its first argument is.
Use use_of(const seccomp_data& call) {
  switch (call.nr) {
  case SYS_openat:
    return changes(call.args[2]) ? Use::Written : Use::Read;
  case SYS_openat2: {
    open_how how{};
    if (!argument(call.args[2], how))
      return Use::None;
    return changes(how.flags) ? Use::Written : Use::Read;
  }
  case SYS_statx:
  case SYS_newfstatat: {
    // Without a path it asks about an open file, which the engine does on its own account too.
    char first = 0;
    return argument(call.args[1], first) && first != '\0' ? Use::Read : Use::None;
  }
  case SYS_readlinkat:
  case SYS_faccessat:
  case SYS_faccessat2:
    return Use::Read;
  default:
    return Use::Written;
  }
}

/// Another directory that a call changes, as its third argument or its second.
std::optional<std::uint64_t> second_directory(const seccomp_data& call) {
  switch (call.nr) {
  case SYS_renameat:
  case SYS_renameat2:
  case SYS_linkat:
    return call.args[2];
  default:
    return std::nullopt;
  }
}

void mark(MountUses& uses, const std::vector<Mount>& mounts, std::uint64_t fd, Use use) {
  const std::string directory = directory_of(fd);
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    if (!directory.empty() && sys::is_within(mounts[i].host, directory))
      uses.raise(i, use);
  }
}

} // namespace

void MountWatch::begin(sys::Fd listener) {
  const std::lock_guard lock(mutex_);
  begun_ = true;
  uses_->known = static_cast<bool>(listener);
  listener_ = std::move(listener);
  changed_.notify_all();
}

sys::Fd MountWatch::wait_for_listener() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return begun_; });
  return std::move(listener_);
}

bool MountWatch::answer_one(int listener) {
  seccomp_notif told{};
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &told) != 0)
    return errno == EINTR || errno == ENOENT; // the call was interrupted meanwhile
  const seccomp_data& call = told.data;
  const std::uint64_t directory = call.args[call.nr == SYS_symlinkat ? 1 : 0];
  const Use use = use_of(call);
  mark(*uses_, mounts_, directory, use);
  if (const auto second = second_directory(call))
    mark(*uses_, mounts_, *second, use);
  seccomp_notif_resp go_on{};
  go_on.id = told.id;
  go_on.flags = kContinue;
  return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on) == 0 || errno == ENOENT;
}

void MountWatch::run() {
  const sys::Fd listener = wait_for_listener();
  if (!listener)
    return;
  pollfd waiting{.fd = listener.get(), .events = POLLIN, .revents = 0};
  while (true) {
    if (::poll(&waiting, 1, -1) < 0) {
      if (errno == EINTR)
        continue;
      return;
    }
    if ((waiting.revents & POLLIN) == 0 || !answer_one(listener.get()))
      return; // no thread is left that could tell
  }
}

} // namespace perch::lane
