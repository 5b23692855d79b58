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

#if defined(__x86_64__)
constexpr std::array<unsigned char, 2> kTrapInstruction = {0x0f, 0x0b}; // ud2
std::uintptr_t program_counter(const ucontext_t& context) {
  return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
}
void set_program_counter(ucontext_t& context, std::uintptr_t pc) {
  context.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(pc);
}
#elif defined(__aarch64__)
constexpr std::array<unsigned char, 4> kTrapInstruction = {0x1f, 0xc1, 0x00, 0x00}; // udf
std::uintptr_t program_counter(const ucontext_t& context) { return context.uc_mcontext.pc; }
void set_program_counter(ucontext_t& context, std::uintptr_t pc) { context.uc_mcontext.pc = pc; }
#else
#error "name the program counter and the trapping instruction of this processor"
#endif

bool inside(const Diversion& diversion, std::uintptr_t pc) {
  auto after = std::upper_bound(
      diversion.functions.begin(), diversion.functions.end(), pc,
      [](std::uintptr_t at, const perch_code_range_t& range) { return at < range.begin; });
  return after != diversion.functions.begin() && pc < std::prev(after)->end;
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
  if (diversion != nullptr && inside(*diversion, program_counter(context)))
    set_program_counter(context, diversion->trap);
}

// ---- the roadblock ------------------------------------------------------------------------------

/// Seen by handlers on all threads. `road_closed` says whether the pages are closed now; their
/// bounds stay for threads that ran into it and come to their handler when it is gone.
constinit std::atomic<std::uintptr_t> closed_begin{0}, closed_end{0};
constinit std::atomic<bool> road_closed{false}, road_hit{false};

/// Instructions this thread still does one at a time, to get from a trampoline into its function.
thread_local constinit int steps_left = 0;
constexpr int kMostSteps = 500;
thread_local constinit int late_faults = 0;
constexpr int kMostLateFaults = 1000;

#if defined(__x86_64__)
constexpr greg_t kTrapFlag = 0x100;
void step(ucontext_t& context, bool on) {
  greg_t& flags = context.uc_mcontext.gregs[REG_EFL];
  flags = on ? flags | kTrapFlag : flags & ~kTrapFlag;
}
#else
/// Only the kernel can switch it on. A trampoline that shares a page with functions then lets its
/// thread through, which gets another chance at the next roadblock.
void step(ucontext_t&, bool) {}
#endif

struct sigaction engine_fault{}, former_trap{};

void pass_on(const struct sigaction& to, int number, siginfo_t* info, void* raw) {
  if ((to.sa_flags & SA_SIGINFO) != 0)
    to.sa_sigaction(number, info, raw);
  else if (to.sa_handler == SIG_DFL || to.sa_handler == SIG_IGN)
    ::sigaction(number, &to, nullptr); // it happens again, and ends the process
  else
    to.sa_handler(number);
}

bool is_closed(std::uintptr_t address) {
  return address >= closed_begin.load() && address < closed_end.load();
}

void on_fault(int number, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  const std::uintptr_t pc = program_counter(context);
  // Such pages can be read, so what is refused there is execution.
  if (info->si_code != SEGV_ACCERR || !is_closed(pc) ||
      !is_closed(reinterpret_cast<std::uintptr_t>(info->si_addr)))
    return pass_on(engine_fault, number, info, raw);

  // Who was late finds the road open and tries again; what goes on faulting is something else.
  late_faults = road_closed.load() ? 0 : late_faults + 1;
  if (late_faults > kMostLateFaults)
    return pass_on(engine_fault, number, info, raw);

  const StopWord* word = current;
  const bool stops = word != nullptr && word->stop.load(std::memory_order_acquire) != 0;
  const Diversion* diversion = stops ? word->diversion.load(std::memory_order_acquire) : nullptr;
  if (diversion != nullptr && !diversion->functions.empty() &&
      is_closed(diversion->functions.front().begin)) {
    road_hit.store(true);
    if (inside(*diversion, pc))
      return set_program_counter(context, diversion->trap);
    // A trampoline on its way back: from there it is a few instructions into the function.
    steps_left = kMostSteps;
    step(context, true);
  }
  while (road_closed.load()) {
    const timespec moment{.tv_sec = 0, .tv_nsec = 100'000};
    ::nanosleep(&moment, nullptr);
  }
}

void on_step(int number, siginfo_t* info, void* raw) {
  if (steps_left == 0)
    return pass_on(former_trap, number, info, raw);
  auto& context = *static_cast<ucontext_t*>(raw);
  const std::uintptr_t pc = program_counter(context);
  const StopWord* word = current;
  const Diversion* diversion = word != nullptr ? word->diversion.load() : nullptr;
  if (diversion != nullptr && inside(*diversion, pc)) {
    set_program_counter(context, diversion->trap);
    steps_left = 0;
  } else if (!is_closed(pc)) {
    steps_left = 0;
  } else {
    --steps_left;
  }
  if (steps_left == 0)
    step(context, false);
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
  if (trap == 0)
    return nullptr;
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

StoppableThread::StoppableThread(const StopWord& word) { current = &word; }
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
    action.sa_sigaction = on_step;
    ::sigaction(SIGTRAP, &action, &former_trap);
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
