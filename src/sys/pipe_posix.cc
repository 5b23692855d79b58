#include "sys/os_error.h"
#include "sys/pipe.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perch::sys {

// The lowest number our own descriptors may have: a child's standard streams are set up by dup2,
// and perch may have been started with one of 0 to 2 closed.
static constexpr int kFirstOwn = 3;

static std::unexpected<Error> no_descriptor(int number, std::string_view what) {
  auto error = os_fail(number, what, "");
  if (number == EMFILE)
    error.error().help = "raise the limit on open files: `ulimit -n`";
  return error;
}

static Result<Fd> move_up(Fd fd) {
  if (fd.get() >= kFirstOwn)
    return fd;
  return dup_fd(fd.get());
}

Result<Fd> dup_fd(int fd) {
  int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstOwn);
  if (copy < 0)
    return no_descriptor(errno, "duplicate a descriptor");
  return Fd(copy);
}

bool is_same_file(int a, int b) {
  struct stat first{}, second{};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return no_descriptor(errno, "make a pipe");
  Fd read(ends[0]);
  Fd write(ends[1]);
  Pipe pipe;
  PERCH_TRY_ASSIGN(pipe.read, move_up(std::move(read)));
  PERCH_TRY_ASSIGN(pipe.write, move_up(std::move(write)));
  return pipe;
}

Status set_nonblocking(int fd) {
  int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return os_fail(errno, "make a descriptor non-blocking", "");
  }
  return {};
}

void try_grow_pipe([[maybe_unused]] int fd, [[maybe_unused]] std::size_t bytes) {
#ifdef F_SETPIPE_SZ
  ::fcntl(fd, F_SETPIPE_SZ, static_cast<int>(bytes));
#endif
}

Result<Fd> open_null(Access access) {
  Fd fd(::open("/dev/null", (access == Access::Read ? O_RDONLY : O_WRONLY) | O_CLOEXEC));
  if (!fd)
    return no_descriptor(errno, "open /dev/null");
  return move_up(std::move(fd));
}

} // namespace perch::sys
