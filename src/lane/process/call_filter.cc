#include "lane/process/call_filter.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <span>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace perch::lane {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this architecture"
#endif

// Newer than the headers of old distributions; the same on all architectures.
constexpr int kFchmodat2 = 452, kSetxattrat = 463, kRemovexattrat = 466, kFileSetattr = 469;
constexpr int kMountSetattr = 442;

// The last ones reach the user's keyrings, which are a store of secrets beside all files.
constexpr int kAlways[] = {
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_open_by_handle_at,
    SYS_reboot,      SYS_swapon,       SYS_swapoff,       SYS_acct,       kMountSetattr,
    SYS_add_key,     SYS_request_key,  SYS_keyctl,
};
// Memory and queues of the machine, which have numbers or names of their own and no path.
constexpr int kShared[] = {
    SYS_shmget, SYS_shmat,  SYS_shmctl, SYS_msgget,     SYS_msgsnd,  SYS_msgrcv,    SYS_msgctl,
    SYS_semget, SYS_semctl, SYS_semop,  SYS_semtimedop, SYS_mq_open, SYS_mq_unlink,
};
constexpr int kNetwork[] = {SYS_socket};
// Make sockets without the call above.
constexpr int kRings[] = {
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
};
constexpr int kMetadata[] = {
    SYS_fchmod,       SYS_fchmodat,   kFchmodat2,    SYS_fchown,  SYS_fchownat,    SYS_utimensat,
    SYS_setxattr,     SYS_lsetxattr,  SYS_fsetxattr, kSetxattrat, SYS_removexattr, SYS_lremovexattr,
    SYS_fremovexattr, kRemovexattrat, kFileSetattr,
#if defined(__x86_64__)
    SYS_chmod,        SYS_chown,      SYS_lchown,    SYS_utime,   SYS_utimes,      SYS_futimesat,
#endif
};
constexpr int kTracing[] = {
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_kcmp,
};

using Program = std::vector<sock_filter>;

void emit(Program& program, std::uint16_t code, std::uint32_t value, std::uint8_t yes = 0,
          std::uint8_t no = 0) {
  program.push_back({code, yes, no, value});
}
void load(Program& program, std::size_t offset) {
  emit(program, BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
void load_argument(Program& program, std::size_t index) {
  load(program, offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}
void answer(Program& program, std::uint32_t action) { emit(program, BPF_RET | BPF_K, action); }

constexpr std::uint16_t kIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint32_t kDeny = SECCOMP_RET_ERRNO | EPERM;

void deny(Program& program, std::span<const int> numbers) {
  for (int number : numbers) {
    emit(program, kIfEqual, static_cast<std::uint32_t>(number), 0, 1);
    answer(program, kDeny);
  }
}

// Numbers that mean something else: those of another architecture, and on x86-64 those of the x32
// interface, which reach the same calls past every comparison below.
void only_our_numbers(Program& program) {
  load(program, offsetof(seccomp_data, arch));
  emit(program, kIfEqual, kArchitecture, 1, 0);
  answer(program, SECCOMP_RET_KILL_PROCESS);
  load(program, offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  constexpr std::uint32_t kX32 = 0x40000000;
  emit(program, BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 1);
  answer(program, SECCOMP_RET_ERRNO | ENOSYS);
#endif
}

// To type into the terminal what the shell will run when perch has ended.
void no_typing(Program& program) {
  emit(program, kIfEqual, SYS_ioctl, 0, 5);
  load_argument(program, 1);
  emit(program, kIfEqual, TIOCSTI, 1, 0);
  emit(program, kIfEqual, TIOCLINUX, 0, 1);
  answer(program, kDeny);
  answer(program, SECCOMP_RET_ALLOW);
}

// Limits of another process: a low one on its processor time ends it as a signal would.
void own_limits_only(Program& program) {
  constexpr std::size_t kProcess = 0, kNew = 2;
  emit(program, kIfEqual, SYS_prlimit64, 0, 8);
  load_argument(program, kProcess);
  emit(program, kIfEqual, 0, 5, 0);
  load_argument(program, kNew);
  emit(program, kIfEqual, 0, 0, 2);
  load(program,
       offsetof(seccomp_data, args) + kNew * sizeof(std::uint64_t) + sizeof(std::uint32_t));
  emit(program, kIfEqual, 0, 1, 0);
  answer(program, kDeny);
  answer(program, SECCOMP_RET_ALLOW);
}

// A pair is connected to itself alone. Not one of datagrams: those may be sent to any address.
void pairs_only(Program& program) {
  constexpr std::uint32_t kTypeMask = 0xf; // without SOCK_CLOEXEC and SOCK_NONBLOCK
  emit(program, kIfEqual, SYS_socketpair, 0, 8);
  load_argument(program, 0);
  emit(program, kIfEqual, AF_UNIX, 0, 4);
  load_argument(program, 1);
  emit(program, BPF_ALU | BPF_AND | BPF_K, kTypeMask);
  emit(program, kIfEqual, SOCK_STREAM, 2, 0);
  emit(program, kIfEqual, SOCK_SEQPACKET, 1, 0);
  answer(program, kDeny);
  answer(program, SECCOMP_RET_ALLOW);
}

// Behind a socket of this machine may be somebody who does what a confined process is told not to:
// the user's service manager, a container engine, a terminal multiplexer.
void no_local(Program& program) {
  emit(program, kIfEqual, SYS_socket, 0, 4);
  load_argument(program, 0);
  emit(program, kIfEqual, AF_UNIX, 0, 1);
  answer(program, kDeny);
  answer(program, SECCOMP_RET_ALLOW);
}

} // namespace

bool filters_available() {
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

std::vector<sock_filter> call_filter(const CallRules& rules) {
  Program program;
  only_our_numbers(program);
  deny(program, kAlways);
  no_typing(program);
  own_limits_only(program);
  if (rules.no_metadata)
    deny(program, kMetadata);
  if (rules.no_shared_memory)
    deny(program, kShared);
  if (rules.no_tracing)
    deny(program, kTracing);
  if (rules.no_network || rules.no_local_sockets) {
    deny(program, kRings);
    pairs_only(program);
  }
  if (rules.no_network)
    deny(program, kNetwork);
  else if (rules.no_local_sockets)
    no_local(program);
  answer(program, SECCOMP_RET_ALLOW);
  return program;
}

} // namespace perch::lane
