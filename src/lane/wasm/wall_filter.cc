#include "lane/wasm/wall_filter.h"

#include "base/result.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <map>
#include <span>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
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

Program answer_only(std::uint32_t action) {
  Program program;
  answer(program, action);
  return program;
}

/// Allowed when bits `mask` of an argument are clear.
Program allow_without(int index, std::uint32_t mask) {
  Program program;
  load(program, argument(index));
  emit(program, BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1);
  answer(program, kDeny);
  answer(program, SECCOMP_RET_ALLOW);
  return program;
}

/// Allowed when an argument (lower half) is one of `values`.
Program allow_only(int index, std::initializer_list<std::uint32_t> values) {
  Program program;
  load(program, argument(index));
  for (std::uint32_t value : values) {
    emit(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(program, SECCOMP_RET_ALLOW);
  }
  answer(program, kDeny);
  return program;
}

/// What is done about the system calls from this number on, up to the next piece.
struct Piece {
  std::uint32_t first;
  Program what;
};

/// Numbers that are not in `calls` are denied, and neighbours with one answer are one piece.
std::vector<Piece> pieces_of(const std::map<std::uint32_t, Program>& calls) {
  const auto same = [](const sock_filter& a, const sock_filter& b) {
    return a.code == b.code && a.k == b.k;
  };
  std::vector<Piece> pieces{{0, answer_only(kDeny)}};
  const auto from = [&](std::uint32_t first, const Program& what) {
    if (pieces.back().first == first)
      pieces.back().what = what;
    else if (!std::ranges::equal(pieces.back().what, what, same))
      pieces.push_back({first, what});
  };
  for (const auto& [number, what] : calls) {
    from(number, what);
    if (!calls.contains(number + 1))
      from(number + 1, answer_only(kDeny));
  }
  return pieces;
}

/// A binary search: the kernel goes through the filter once for each system call there is when it
/// is installed (docs: RATIONALE), and then at each one that has arguments to look at.
void search(Program& program, std::span<const Piece> pieces) {
  if (pieces.size() == 1) {
    program.insert(program.end(), pieces[0].what.begin(), pieces[0].what.end());
    return;
  }
  const std::size_t half = pieces.size() / 2, at = program.size();
  emit(program, BPF_JMP | BPF_JGE | BPF_K, pieces[half].first);
  search(program, pieces.first(half));
  const std::size_t skipped = program.size() - at - 1;
  PERCH_ASSERT(skipped <= UINT8_MAX);
  program[at].jt = static_cast<std::uint8_t>(skipped);
  search(program, pieces.subspan(half));
}

Program make_program(std::span<const int> telling) {
  std::map<std::uint32_t, Program> calls;
  const auto set = [&](int number, Program what) {
    calls[static_cast<std::uint32_t>(number)] = std::move(what);
  };
  for (int number : kAllowed)
    set(number, answer_only(SECCOMP_RET_ALLOW));
  for (int number : telling)
    set(number, answer_only(SECCOMP_RET_USER_NOTIF));
  set(SYS_mmap, allow_without(2, PROT_EXEC));
  set(SYS_mprotect, allow_without(2, PROT_EXEC));
  set(SYS_ioctl, allow_only(1, {TCGETS, FIONREAD, kPagemapScan}));
  // Signals to this process only.
  set(SYS_tgkill, allow_only(0, {static_cast<std::uint32_t>(::getpid())}));

  Program program;
  load(program, offsetof(seccomp_data, arch));
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  answer(program, SECCOMP_RET_KILL_PROCESS);
  load(program, offsetof(seccomp_data, nr));
  search(program, pieces_of(calls));
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
