#include "lane/wasm/stop.h"

#include "base/result.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace perch::lane {

namespace {

/// Ignored by default, so that one too many does no harm anywhere.
constexpr int kSignal = SIGURG;

/// No destructor and a constant start value: reading it in a handler is a plain load.
thread_local constinit const StopWord* current = nullptr;
/// The guest's frames are below.
thread_local constinit std::uintptr_t current_stack_end = 0;

#if defined(__x86_64__)
constexpr std::array<unsigned char, 2> kTrapInstruction = {0x0f, 0x0b}; // ud2
std::uintptr_t program_counter(const ucontext_t& context) {
  return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
}
void set_program_counter(ucontext_t& context, std::uintptr_t pc) {
  context.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(pc);
}
std::uintptr_t frame_pointer(const ucontext_t& context) {
  return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RBP]);
}
std::uintptr_t stack_pointer(const ucontext_t& context) {
  return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
}
/// Whether the instruction before is a call through a register: so trampolines call the host.
bool is_behind_call(std::uintptr_t pc) {
  const auto* byte = reinterpret_cast<const unsigned char*>(pc);
  return byte[-2] == 0xff && (byte[-1] & 0xf8) == 0xd0; // call *%reg
}
#elif defined(__aarch64__)
constexpr std::array<unsigned char, 4> kTrapInstruction = {0x1f, 0xc1, 0x00, 0x00}; // udf
std::uintptr_t program_counter(const ucontext_t& context) { return context.uc_mcontext.pc; }
void set_program_counter(ucontext_t& context, std::uintptr_t pc) { context.uc_mcontext.pc = pc; }
std::uintptr_t frame_pointer(const ucontext_t& context) { return context.uc_mcontext.regs[29]; }
std::uintptr_t stack_pointer(const ucontext_t& context) { return context.uc_mcontext.sp; }
bool is_behind_call(std::uintptr_t pc) {
  return (reinterpret_cast<const std::uint32_t*>(pc)[-1] & 0xfffffc1f) == 0xd63f0000; // blr
}
#else
#error "name the registers, the frame's layout and the trapping instruction of this processor"
#endif

bool inside(const Diversion& diversion, std::uintptr_t pc) {
  auto after = std::upper_bound(
      diversion.functions.begin(), diversion.functions.end(), pc,
      [](std::uintptr_t at, const perch_code_range_t& range) { return at < range.begin; });
  return after != diversion.functions.begin() && pc < std::prev(after)->end;
}

/// The end of a thread whose guest has to stop and for which there is no trap: it holds what it
/// holds until the process ends, but computes no more. Frames of wasm functions and trampolines own
/// no lock that another could wait for.
[[noreturn]] void sleep_for_good(const StopWord& word) {
  word.asleep.store(true, std::memory_order_release);
  for (;;) {
    const timespec day{.tv_sec = 86'400, .tv_nsec = 0};
    ::nanosleep(&day, nullptr);
  }
}

/// Why this is sound: at every instruction of a wasm function the frame pointer names its frame or
/// its caller's, and Wasmtime unwinds from a trap by what it stored when the guest was entered, so
/// any instruction of a wasm function is as good a place for a trap as a load that faults, of which
/// such code consists. No host frame is skipped: host functions are no part of the ranges, nor are
/// the trampolines where that stored state changes.
void on_stop_signal(int, siginfo_t*, void* raw) {
  const StopWord* word = current;
  if (word == nullptr || word->stop.load(std::memory_order_acquire) == 0)
    return;
  const Diversion* diversion = word->diversion.load(std::memory_order_acquire);
  auto& context = *static_cast<ucontext_t*>(raw);
  if (diversion == nullptr || !inside(*diversion, program_counter(context)))
    return;
  if (diversion->trap == 0)
    sleep_for_good(*word);
  set_program_counter(context, diversion->trap);
}

// ---- the roadblock ------------------------------------------------------------------------------

/// Seen by handlers on all threads: which pages are closed, if any are now.
constinit std::atomic<std::uintptr_t> closed_begin{0}, closed_end{0};
constinit std::atomic<bool> road_closed{false}, road_hit{false};

bool is_closed(std::uintptr_t address) {
  return road_closed.load() && address >= closed_begin.load() && address < closed_end.load();
}

struct sigaction engine_fault{};

void pass_on(int number, siginfo_t* info, void* raw) {
  const struct sigaction& to = engine_fault;
  if ((to.sa_flags & SA_SIGINFO) != 0)
    to.sa_sigaction(number, info, raw);
  else if (to.sa_handler == SIG_DFL || to.sa_handler == SIG_IGN)
    ::sigaction(number, &to, nullptr); // it happens again, and ends the process
  else
    to.sa_handler(number);
}

/// Faults of this thread that had no cause any more when it came to its handler.
thread_local constinit int late_faults = 0;
constexpr int kMostLateFaults = 1000;

/// Whether to try again, because the road that this thread ran into is open by now, even if another
/// one is closed. What goes on faulting is something else.
bool was_late() {
  if (late_faults == kMostLateFaults)
    return false;
  ++late_faults;
  return true;
}

/// Whether the instruction itself was refused, not what it loads or stores: no guest's memory is
/// near its code.
bool was_execution(const siginfo_t& info, std::uintptr_t pc) {
  constexpr std::uintptr_t kLongestInstruction = 15; // it may begin on the page before
  return info.si_code == SEGV_ACCERR &&
         reinterpret_cast<std::uintptr_t>(info.si_addr) - pc < kLongestInstruction;
}

/// Makes a trampoline that has just got control back from the host return to the trap instead of
/// into the function that called it. The two words at its frame pointer are its caller's frame
/// pointer and where it returns to. When that is inside a function of the module, then at the trap
/// everything is as if that function had trapped at its call. Anywhere else in a trampoline nothing
/// is done: the frame may still be the function's, or one of the host. The bounds of the stack are
/// looked at because constants of a module can look like a call.
[[gnu::no_sanitize_address]] void divert_return(const ucontext_t& context,
                                                const Diversion& diversion) {
  const std::uintptr_t at = frame_pointer(context);
  auto* const frame = reinterpret_cast<std::uintptr_t*>(at);
  if (is_behind_call(program_counter(context)) && at >= stack_pointer(context) &&
      at < current_stack_end && inside(diversion, frame[1]))
    frame[1] = diversion.trap;
}

/// The guest of this thread has to stop, and the road of its module is closed.
void divert(ucontext_t& context) {
  const StopWord* word = current;
  if (word == nullptr || word->stop.load(std::memory_order_acquire) == 0)
    return;
  const Diversion* diversion = word->diversion.load(std::memory_order_acquire);
  if (diversion == nullptr || diversion->functions.empty() ||
      !is_closed(diversion->functions.front().begin))
    return;
  road_hit.store(true);
  if (diversion->trap == 0)
    sleep_for_good(*word);
  if (inside(*diversion, program_counter(context)))
    set_program_counter(context, diversion->trap);
  else
    divert_return(context, *diversion);
}

void on_fault(int number, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  const std::uintptr_t pc = program_counter(context);
  if (!was_execution(*info, pc))
    return pass_on(number, info, raw);
  const auto refused = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (!is_closed(refused)) {
    if (!was_late())
      pass_on(number, info, raw);
    return;
  }
  late_faults = 0;
  divert(context);
  while (is_closed(refused)) {
    const timespec moment{.tv_sec = 0, .tv_nsec = 100'000};
    ::nanosleep(&moment, nullptr);
  }
}

/// Held by whoever has put a roadblock up.
constinit std::atomic<bool> roadblock_taken{false};

// ---- the engine's trap --------------------------------------------------------------------------

/// (module (func (export "t") unreachable))
constexpr unsigned char kTrapModule[] = {0,  'a', 's', 'm',  1,   0, 0,   0, // magic, version
                                         1,  4,   1,   0x60, 0,   0,         // type 0: () -> ()
                                         3,  2,   1,   0,                    // function 0 has it
                                         7,  5,   1,   1,    't', 0, 0,      // exported as "t"
                                         10, 5,   1,   3,    0,   0, 0x0b}; // its code: unreachable

std::vector<perch_code_range_t> functions_of(const wasmtime_module_t& module) {
  std::vector<perch_code_range_t> ranges(perch_module_functions(&module, nullptr, 0));
  perch_module_functions(&module, ranges.data(), ranges.size());
  std::ranges::sort(ranges, {}, &perch_code_range_t::begin);
  return ranges;
}

/// The address of an `unreachable`. Its module stays loaded for good: called once.
std::uintptr_t find_trap(const wasm_engine_t& engine) {
  static wasmtime_module_t* module = nullptr; // named, so that a leak check sees who holds it
  if (auto* error = wasmtime_module_new(const_cast<wasm_engine_t*>(&engine), kTrapModule,
                                        sizeof kTrapModule, &module)) {
    wasmtime_error_delete(error);
    return 0;
  }
  for (const auto& range : functions_of(*module)) {
    const auto* begin = reinterpret_cast<const unsigned char*>(range.begin);
    const auto* end = reinterpret_cast<const unsigned char*>(range.end);
    const auto* at = std::search(begin, end, kTrapInstruction.begin(), kTrapInstruction.end());
    if (at != end)
      return reinterpret_cast<std::uintptr_t>(at);
  }
  return 0;
}

} // namespace

std::unique_ptr<Diversion> make_diversion(const wasm_engine_t& engine,
                                          const wasmtime_module_t& module) {
  // One for all engines: Wasmtime looks traps up in all code of the process.
  static const std::uintptr_t trap = find_trap(engine);
  return std::make_unique<Diversion>(Diversion{functions_of(module), trap});
}

perch_code_range_t Diversion::pages() const {
  if (functions.empty())
    return {};
  const auto size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  std::uintptr_t end = 0;
  for (const perch_code_range_t& function : functions)
    end = std::max<std::uintptr_t>(end, function.end);
  return {functions.front().begin / size * size, (end + size - 1) / size * size};
}

std::optional<Roadblock> Roadblock::put_up(const Diversion& diversion) {
  const perch_code_range_t pages = diversion.pages();
  if (pages.end == pages.begin || roadblock_taken.exchange(true))
    return std::nullopt;
  closed_begin.store(pages.begin);
  closed_end.store(pages.end);
  road_hit.store(false);
  road_closed.store(true);
  if (::mprotect(reinterpret_cast<void*>(pages.begin), pages.end - pages.begin, PROT_READ) != 0) {
    road_closed.store(false);
    roadblock_taken.store(false);
    return std::nullopt;
  }
  return Roadblock(pages);
}

Roadblock::~Roadblock() {
  if (pages_.end == pages_.begin)
    return;
  const int failed = ::mprotect(reinterpret_cast<void*>(pages_.begin), pages_.end - pages_.begin,
                                PROT_READ | PROT_EXEC);
  PERCH_ASSERT(failed == 0); // guests would wait for ever
  road_closed.store(false);
  roadblock_taken.store(false);
}

bool Roadblock::was_hit() const { return road_hit.load(); }

StoppableThread::StoppableThread(const StopWord& word) {
  current_stack_end = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  current = &word;
}
StoppableThread::~StoppableThread() { current = nullptr; }

void install_stop_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action{};
    action.sa_sigaction = on_stop_signal;
    // Without SA_RESTART: waiting calls come back and look at the stop word.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(kSignal, &action, nullptr);
    action.sa_flags |= SA_NODEFER; // as the engine's own
    action.sa_sigaction = on_fault;
    ::sigaction(SIGSEGV, &action, &engine_fault);
  });
}

void mask_guest_signals() {
  sigset_t set;
  ::sigfillset(&set);
  for (int number : {kSignal, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS})
    ::sigdelset(&set, number);
  ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
}

void send_stop_signal(int tid) { ::syscall(SYS_tgkill, ::getpid(), tid, kSignal); }

} // namespace perch::lane
