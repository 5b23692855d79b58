#include "lane/wasm/wall_filter.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <span>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace perch::lane {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

constexpr int kAllowed[] = {
    // bytes of open files
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_preadv2,
    SYS_pwritev2,
    SYS_lseek,
    SYS_fsync,
    SYS_fdatasync,
    SYS_ftruncate,
    SYS_fallocate,
    SYS_fadvise64,
    SYS_close,
    SYS_dup,
    SYS_fcntl,
    SYS_fstat,
    SYS_statx,
    SYS_newfstatat,
    SYS_getdents64,
    // names below the mounts; Landlock says which
    SYS_openat,
    SYS_openat2,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat,
    SYS_renameat2,
    SYS_linkat,
    SYS_symlinkat,
    SYS_readlinkat,
    SYS_utimensat,
    SYS_faccessat,
    SYS_faccessat2,
    // waiting and time
    SYS_ppoll,
    SYS_futex,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_sched_yield,
    SYS_restart_syscall,
    // memory without new code: mmap, mprotect and mremap are looked at more closely below
    SYS_munmap,
    SYS_madvise,
    SYS_brk,
    SYS_mremap,
    SYS_membarrier,
    // the thread itself
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_sigaltstack,
    SYS_gettid,
    SYS_getpid,
    SYS_exit,
    SYS_exit_group,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_getrandom,
    SYS_getrusage,
    SYS_sched_getaffinity,
    SYS_getcpu,
    SYS_getuid,
    SYS_geteuid,
    SYS_getrlimit,
    SYS_uname,
#if defined(__x86_64__)
    SYS_poll,
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_readlink,
    SYS_access,
    SYS_time,
#endif
};

/// Of those, the ones that name a path below a mount.
constexpr int kNaming[] = {
    SYS_openat,    SYS_openat2,    SYS_mkdirat,   SYS_unlinkat,   SYS_renameat,
    SYS_renameat2, SYS_linkat,     SYS_symlinkat, SYS_readlinkat, SYS_utimensat,
    SYS_faccessat, SYS_faccessat2, SYS_statx,     SYS_newfstatat,
};

/// PAGEMAP_SCAN, by which the engine finds the pages a guest has written.
constexpr std::uint32_t kPagemapScan = 0xc0606610;

using Program = std::vector<sock_filter>;

constexpr std::uint32_t argument(int index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                    static_cast<std::size_t>(index) * sizeof(std::uint64_t));
}

void emit(Program& program, std::uint16_t code, std::uint32_t value, std::uint8_t yes = 0,
          std::uint8_t no = 0) {
  program.push_back({code, yes, no, value});
}

void load(Program& program, std::uint32_t offset) {
  emit(program, BPF_LD | BPF_W | BPF_ABS, offset);
}

void answer(Program& program, std::uint32_t action) { emit(program, BPF_RET | BPF_K, action); }

constexpr std::uint32_t kDeny = SECCOMP_RET_ERRNO | EPERM;

void each(Program& program, std::span<const int> numbers, std::uint32_t action) {
  for (int number : numbers) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
    answer(program, action);
  }
}

/// `number` is allowed when bits `mask` of its argument are clear.
void allow_without(Program& program, int number, int index, std::uint32_t mask) {
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4);
  load(program, argument(index));
  emit(program, BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1);
  answer(program, kDeny);
  answer(program, SECCOMP_RET_ALLOW);
}

/// `number` is allowed when its argument (lower half) is one of `values`.
template <std::size_t n>
void allow_only(Program& program, int number, int index,
                const std::array<std::uint32_t, n>& values) {
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0,
       static_cast<std::uint8_t>(2 * n + 2));
  load(program, argument(index));
  for (std::uint32_t value : values) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(program, SECCOMP_RET_ALLOW);
  }
  answer(program, kDeny);
}

Program make_program(std::span<const int> telling) {
  Program program;
  load(program, offsetof(seccomp_data, arch));
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  answer(program, SECCOMP_RET_KILL_PROCESS);
  load(program, offsetof(seccomp_data, nr));
  each(program, telling, SECCOMP_RET_USER_NOTIF);
  each(program, kAllowed, SECCOMP_RET_ALLOW);
  allow_without(program, SYS_mmap, 2, PROT_EXEC);
  allow_without(program, SYS_mprotect, 2, PROT_EXEC);
  allow_only(program, SYS_ioctl, 1, std::array<std::uint32_t, 3>{TCGETS, FIONREAD, kPagemapScan});
  // Signals to this process only.
  allow_only(program, SYS_tgkill, 0,
             std::array<std::uint32_t, 1>{static_cast<std::uint32_t>(::getpid())});
  answer(program, kDeny);
  return program;
}

} // namespace

bool filter_available() {
  static const bool available = [] {
    const std::uint32_t action = SECCOMP_RET_ERRNO;
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
  }();
  return available;
}

namespace {

long install(const Program& program, unsigned flags) {
  const sock_fprog what{static_cast<unsigned short>(program.size()),
                        const_cast<sock_filter*>(program.data())};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &what);
}

} // namespace

bool install_filter() {
  static const Program program = make_program({});
  return install(program, 0) == 0;
}

sys::Fd install_telling_filter() {
  static const Program program = make_program(kNaming);
  return sys::Fd(static_cast<int>(install(program, SECCOMP_FILTER_FLAG_NEW_LISTENER)));
}

} // namespace perch::lane
