#pragma once
// Stopping guests. Compiled code has no checks in it (they cost hot loops 1.2 to 2.6 times): a
// guest that computes is stopped by a signal to its thread, whose handler lets the thread go on at
// an instruction that traps, when and only when the thread is inside a function of the module. One
// that waits in a system call is woken by the same signal and looks at its stop word; one that is
// in the host for another reason gets the signal again until it is neither; and one that is in the
// host nearly always runs into a roadblock when it comes back. See docs: RATIONALE.

#include "lane/wasm/handles.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace perch::lane {

/// Where threads may be diverted, and to what.
struct Diversion {
  std::vector<perch_code_range_t> functions; ///< of one module, sorted
  /// An instruction that is a trap to Wasmtime; 0: there is none, and who should be diverted is put
  /// to sleep for good.
  std::uintptr_t trap = 0;
  /// The whole pages that hold the functions.
  [[nodiscard]] perch_code_range_t pages() const;
};

/// The functions of `module` and a trapping instruction of `engine`'s. A few milliseconds the first
/// time. There is no such instruction where the system lets nobody make code (that of modules may
/// come from files), or when the machine code does not look as expected.
[[nodiscard]] std::unique_ptr<Diversion> make_diversion(const wasm_engine_t& engine,
                                                        const wasmtime_module_t& module);

/// What the handler knows of the guest on its thread. Owned by the thread's job.
struct StopWord {
  std::atomic<std::uint32_t> stop{0}; ///< not 0: the guest has to stop
  std::atomic<const Diversion*> diversion{nullptr};
  mutable std::atomic<bool> asleep{false}; ///< set by the handler: the thread never comes back
};

/// Declares for its life that the calling thread runs a guest with this word.
class StoppableThread {
public:
  explicit StoppableThread(const StopWord& word);
  ~StoppableThread();
  StoppableThread(const StoppableThread&) = delete;
  StoppableThread& operator=(const StoppableThread&) = delete;
};

/// While it lives, no thread executes this module's code: one whose guest has to stop is diverted
/// as soon as it comes back to it, all others wait. For guests that the signal does not hit because
/// they have the host fill or copy memory all the time. One at a time in the process. To be put up
/// and removed by a thread that is not confined, and not for long.
class Roadblock {
public:
  /// Nothing while there is another one, or when the kernel refuses.
  [[nodiscard]] static std::optional<Roadblock> put_up(const Diversion& diversion);
  Roadblock(Roadblock&& other) noexcept : pages_(std::exchange(other.pages_, {})) {}
  Roadblock& operator=(Roadblock&&) = delete;
  ~Roadblock();
  /// Whether a thread that has to stop has run into it.
  [[nodiscard]] bool was_hit() const;

private:
  explicit Roadblock(perch_code_range_t pages) : pages_(pages) {}
  perch_code_range_t pages_; ///< empty: moved from
};

/// Installs the handlers, once for the process, in front of the engine's: there must be one.
void install_stop_handler();
/// Lets the calling thread take the stop signal and the faults of guests, and no other signal:
/// those are for perch's own threads.
void mask_guest_signals();
/// Signals thread `tid` of this process. Harmless when the thread has ended or is another one now.
void send_stop_signal(int tid);

} // namespace perch::lane
