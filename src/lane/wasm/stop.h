#pragma once
// Stopping guests. Compiled code has no checks in it (they cost hot loops 1.2 to 2.6 times): a
// guest that computes is stopped by a signal to its thread, whose handler lets the thread go on at
// an instruction that traps, when and only when the thread is inside a function of the module. One
// that waits in a system call is woken by the same signal and looks at its stop word; one that is
// in the host for another reason gets the signal again until it is neither. See docs: RATIONALE.

#include "lane/wasm/handles.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace perch::lane {

/// Where threads may be diverted, and to what.
struct Diversion {
  std::vector<perch_code_range_t> functions; ///< of one module, sorted
  std::uintptr_t trap = 0;                   ///< an instruction that is a trap to Wasmtime
};

/// The functions of `module` and a trapping instruction of `engine`'s. A few milliseconds the first
/// time; nullptr when the machine code does not look as expected, and then guests that compute
/// cannot be stopped.
[[nodiscard]] std::unique_ptr<Diversion> make_diversion(const wasm_engine_t& engine,
                                                        const wasmtime_module_t& module);

/// What the handler knows of the guest on its thread. Owned by the thread's job.
struct StopWord {
  std::atomic<std::uint32_t> stop{0}; ///< not 0: the guest has to stop
  std::atomic<const Diversion*> diversion{nullptr};
};

/// Declares for its life that the calling thread runs a guest with this word.
class StoppableThread {
public:
  explicit StoppableThread(const StopWord& word);
  ~StoppableThread();
  StoppableThread(const StoppableThread&) = delete;
  StoppableThread& operator=(const StoppableThread&) = delete;
};

/// Installs the handler, once for the process.
void install_stop_handler();
/// Lets the calling thread take the stop signal and the faults of guests, and no other signal:
/// those are for perch's own threads.
void mask_guest_signals();
/// Signals thread `tid` of this process. Harmless when the thread has ended or is another one now.
void send_stop_signal(int tid);

} // namespace perch::lane
