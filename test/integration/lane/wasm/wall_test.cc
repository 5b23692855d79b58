// The second wall, proved from inside: a guest calls a host function, of this test alone, that
// tries forbidden things on the guest's own thread, as a broken host function could be made to.

#include "base/error_kinds.h"
#include "guests.h"
#include "lane/wasm/wasm_lane.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perch::test {

namespace {

enum Deed : std::int32_t {
  ReadHostFile,
  WriteHostFile,
  ListRoot,
  OpenParentOfMount,
  WriteInReadOnlyMount,
  ReadInMount,
  MakeTcpSocket,
  MakeUnixSocket,
  MakeSocketPair,
  Fork,
  Execute,
  MakeThread,
  Trace,
  Mount,
  Unshare,
  IoUring,
  ExecutableMemory,
  MakeMemoryExecutable,
  ReadOtherProcess,
  KillParent,
  RaiseLimit,
  Keyring,
  Bpf,
  MemoryFile,
  NewPrivileges,
  kDeeds,
};

/// More calls that no guest needs. They are tried with zeros: whoever may use them at all gets
/// another error than EPERM, or success that does no harm.
constexpr long kOtherCalls[] = {
    SYS_execveat,
    SYS_clone3,
    SYS_wait4,
    SYS_waitid,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept4,
    SYS_sendto,
    SYS_recvfrom,
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_process_vm_writev,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_rt_sigaction,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_chdir,
    SYS_fchdir,
    SYS_setns,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_io_setup,
    SYS_userfaultfd,
    SYS_perf_event_open,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_mknodat,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_setxattr,
    SYS_fsetxattr,
    SYS_truncate,
    SYS_setuid,
    SYS_setgid,
    SYS_setresuid,
    SYS_capset,
    SYS_personality,
    SYS_kexec_load,
    SYS_init_module,
    SYS_reboot,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_sethostname,
    SYS_swapon,
    SYS_quotactl,
    SYS_keyctl,
    SYS_request_key,
    SYS_fanotify_init,
    SYS_inotify_init1,
    SYS_signalfd4,
    SYS_eventfd2,
    SYS_timerfd_create,
    SYS_epoll_create1,
    SYS_memfd_create,
    SYS_shmget,
    SYS_msgget,
    SYS_semget,
    SYS_mq_open,
    SYS_kcmp,
    SYS_sched_setscheduler,
    SYS_setpriority,
    SYS_pkey_alloc,
    SYS_pkey_mprotect,
    SYS_process_madvise,
    SYS_landlock_restrict_self,
    SYS_splice,
    SYS_vmsplice,
    SYS_sendfile,
    SYS_copy_file_range,
    SYS_flock,
    SYS_syslog,
};

/// The directory the deeds are about; a test is one process and one guest at a time.
std::string mount_path;

std::int32_t outcome(long result) {
  if (result < 0)
    return errno;
  return 0;
}

std::int32_t open_and_close(const char* path, int flags) {
  const int fd = ::open(path, flags | O_CLOEXEC, 0600);
  const std::int32_t result = outcome(fd);
  if (fd >= 0)
    ::close(fd);
  return result;
}

std::int32_t files(std::int32_t deed) {
  switch (deed) {
  case ReadHostFile:
    return open_and_close("/etc/passwd", O_RDONLY);
  case WriteHostFile:
    return open_and_close("/tmp/perch-wall-test", O_WRONLY | O_CREAT);
  case ListRoot:
    return open_and_close("/", O_RDONLY | O_DIRECTORY);
  case OpenParentOfMount:
    return open_and_close((mount_path + "/../outside").c_str(), O_RDONLY);
  case WriteInReadOnlyMount:
    return open_and_close((mount_path + "/file").c_str(), O_WRONLY);
  default:
    return open_and_close((mount_path + "/file").c_str(), O_RDONLY);
  }
}

std::int32_t memory(std::int32_t deed) {
  if (deed == ExecutableMemory) {
    void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : 0;
  }
  void* at = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const std::int32_t result = outcome(::mprotect(at, 4096, PROT_READ | PROT_EXEC));
  ::munmap(at, 4096);
  return result;
}

std::int32_t processes(std::int32_t deed) {
  switch (deed) {
  case Fork: {
    const long child = ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
      ::_exit(0);
    return outcome(child);
  }
  case Execute: {
    char* const argv[] = {nullptr};
    return outcome(::syscall(SYS_execve, "/nonexistent", argv, argv));
  }
  case MakeThread:
    return outcome(::syscall(SYS_clone, CLONE_VM | CLONE_THREAD, 0, 0, 0, 0));
  case Trace:
    return outcome(::ptrace(PTRACE_SEIZE, ::getppid(), nullptr, nullptr));
  case ReadOtherProcess:
    return outcome(::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0));
  case KillParent:
    return outcome(::kill(::getppid(), 0));
  default:
    return outcome(::unshare(CLONE_NEWUSER));
  }
}

std::int32_t kernel(std::int32_t deed) {
  switch (deed) {
  case MakeTcpSocket:
    return outcome(::socket(AF_INET, SOCK_STREAM, 0));
  case MakeUnixSocket:
    return outcome(::socket(AF_UNIX, SOCK_STREAM, 0));
  case MakeSocketPair: {
    int ends[2];
    return outcome(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  }
  case Mount:
    return outcome(::mount("none", "/tmp", "tmpfs", 0, nullptr));
  case IoUring:
    return outcome(::syscall(SYS_io_uring_setup, 1, nullptr));
  case RaiseLimit: {
    rlimit limit{};
    return outcome(::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) != 0
                       ? -1
                       : ::setrlimit(RLIMIT_NOFILE, &limit));
  }
  case Keyring:
    return outcome(::syscall(SYS_add_key, "user", "k", "v", 1, -3));
  case Bpf:
    return outcome(::syscall(SYS_bpf, 0, nullptr, 0));
  case MemoryFile:
    return outcome(::memfd_create("x", 0));
  default:
    return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : outcome(-1);
  }
}

std::int32_t attempt(void*, std::uint8_t*, std::size_t, const std::int32_t* args) {
  errno = 0;
  if (args[0] >= kDeeds)
    return outcome(::syscall(kOtherCalls[args[0] - kDeeds], 0, 0, 0, 0, 0, 0));
  switch (args[0]) {
  case ReadHostFile:
  case WriteHostFile:
  case ListRoot:
  case OpenParentOfMount:
  case WriteInReadOnlyMount:
  case ReadInMount:
    return files(args[0]);
  case ExecutableMemory:
  case MakeMemoryExecutable:
    return memory(args[0]);
  case Fork:
  case Execute:
  case MakeThread:
  case Trace:
  case ReadOtherProcess:
  case KillParent:
  case Unshare:
    return processes(args[0]);
  default:
    return kernel(args[0]);
  }
}

/// Runs the deed on a guest's thread and returns its errno, or 0 when it succeeded.
int attempted(std::int32_t deed, bool writable) {
  const perch_import_t import{lane::slice("test"), lane::slice("attempt"), 1, attempt};
  auto lane = lane::make_wasm_lane_with({}, {import});
  const std::string module = wasm(R"((module
    (import "test" "attempt" (func $attempt (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (call $attempt (i32.const )" +
                                  std::to_string(deed) + ")))))");
  auto loaded = lane->load("wall.wasm", module, {});
  if (!loaded)
    return -1;
  lane::GuestSpec spec = with_mount(mount_path, "/d", writable);
  spec.argv = {"wall"};
  spec.cancel = sys::CancelToken::root();
  auto job = lane->start(*loaded, spec);
  if (!job)
    return -1;
  const lane::Ended ended = (*job)->finish();
  return ended.how == lane::Ended::How::Exited ? ended.code : -1;
}

class WasmWall : public testing::Test {
protected:
  WasmWall() {
    write_file(temp_ / "outside", "secret");
    make_directory(temp_ / "mount");
    write_file(temp_ / "mount/file", "text");
    mount_path = temp_ / "mount";
  }
  void SetUp() override {
    if (!lane::make_wasm_lane({})->kernel_wall().whole())
      GTEST_SKIP() << "this kernel lacks Landlock or seccomp";
  }

private:
  TempDir temp_;
};

} // namespace

TEST_F(WasmWall, what_is_forbidden_fails_on_the_guests_thread) {
  for (std::int32_t deed = 0; deed < kDeeds; ++deed) {
    if (deed == ReadInMount)
      continue;
    const int error = attempted(deed, false);
    EXPECT_TRUE(error == EPERM || error == EACCES) << "deed " << deed << ": errno " << error;
  }
}

TEST_F(WasmWall, a_call_that_no_guest_needs_fails) {
  for (std::size_t i = 0; i < std::size(kOtherCalls); ++i)
    EXPECT_EQ(attempted(kDeeds + static_cast<std::int32_t>(i), true), EPERM)
        << "system call " << kOtherCalls[i];
}

TEST_F(WasmWall, what_the_mount_allows_works) {
  EXPECT_EQ(attempted(ReadInMount, false), 0);
  EXPECT_EQ(attempted(ReadInMount, true), 0);
  EXPECT_EQ(attempted(WriteInReadOnlyMount, true), 0);
}

TEST_F(WasmWall, the_same_deeds_work_on_an_ordinary_thread) {
  // Otherwise the refusals above would prove nothing.
  for (Deed deed :
       {ReadHostFile, ListRoot, OpenParentOfMount, WriteInReadOnlyMount, MakeUnixSocket,
        MakeSocketPair, ExecutableMemory, MakeMemoryExecutable, KillParent, MemoryFile}) {
    const std::int32_t args[] = {deed};
    EXPECT_EQ(attempt(nullptr, nullptr, 0, args), 0) << "deed " << deed;
  }
}

namespace {

/// Makes the kernel deny this process a call, as an older kernel would.
void take_away(long call) {
  sock_filter program[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(call)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog what{std::size(program), program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &what) != 0)
    ::_exit(99);
}

/// Runs a guest in a child whose kernel lacks a call. Returns 0 when it ran, or 1 when it was
/// refused with confinement_unavailable and words about the part that is missing.
int run_without(long call, bool required, std::string_view words) {
  const pid_t child = ::fork();
  if (child == 0) {
    take_away(call);
    Guests guests;
    lane::GuestSpec spec;
    spec.stdio = {-1, -1, -1};
    spec.argv = {"g"};
    spec.cancel = sys::CancelToken::root();
    spec.require_kernel_wall = required;
    auto module = guests.load(wasm(R"((module (func (export "_start"))))"));
    auto job = module ? guests.lane().start(*module, spec)
                      : Result<std::unique_ptr<lane::Job>>(std::unexpected(module.error()));
    if (!job) {
      const bool clear = job.error().kind == kind::kConfinementUnavailable &&
                         job.error().message.find(words) != std::string::npos;
      ::_exit(clear ? 1 : 2);
    }
    ::_exit((*job)->finish().how == lane::Ended::How::Exited ? 0 : 3);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

} // namespace

// Not of the fixture, which asks what the kernel offers, once for the process and its children.
TEST(WasmWallParts, a_kernel_that_lacks_a_part) {
  if (threads_of_this_process() > 3)
    GTEST_SKIP() << "needs a process of its own: run it alone";
  if (run_without(SYS_kexec_load, true, "") != 0)
    GTEST_SKIP() << "this kernel lacks Landlock or seccomp";
  EXPECT_EQ(run_without(SYS_landlock_create_ruleset, false, ""), 0);
  EXPECT_EQ(run_without(SYS_seccomp, false, ""), 0);
  EXPECT_EQ(run_without(SYS_landlock_create_ruleset, true, "no Landlock"), 1);
  EXPECT_EQ(run_without(SYS_seccomp, true, "no seccomp filters"), 1);
}

TEST_F(WasmWall, a_guest_that_requires_the_wall_runs_behind_it) {
  Guests guests;
  lane::GuestSpec spec;
  spec.require_kernel_wall = true;
  EXPECT_EQ(guests.run(built_guest("wat/nop"), std::move(spec)).ended.code, 0);
}

TEST(WasmThreads, a_thread_that_was_made_for_an_expected_guest_runs_it) {
  const std::string module = wasm(R"((module (func (export "_start") nop)))");
  Guests guests;
  ASSERT_TRUE(guests.load(module));
  guests.lane().expect_guest(false);
  const std::size_t threads = threads_of_this_process();
  guests.lane().expect_guest(false); // is there already
  EXPECT_EQ(guests.run(module).ended.code, 0);
  EXPECT_EQ(threads_of_this_process(), threads);
}

} // namespace perch::test
