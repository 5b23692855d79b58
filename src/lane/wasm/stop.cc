#include "lane/wasm/stop.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <mutex>
#include <pthread.h>
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

/// The address of an `unreachable`. Its module stays loaded for good.
std::uintptr_t find_trap(const wasm_engine_t& engine) {
  wasmtime_module_t* module = nullptr;
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
