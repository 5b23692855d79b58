#pragma once
// The threads guests run on. A thread is confined for good before its first guest, so it can serve
// another guest exactly when that one declares the same mounts; then starting it costs a wake-up
// instead of a thread, a Landlock domain and a system call filter.

#include "base/result.h"
#include "lane/lane.h"
#include "lane/wasm/wall.h"
#include "sys/cancel.h"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace perch::lane {

/// What tells that a guest has ended. Empty: its thread was given up, and may not serve another
/// guest, as it may have the lowest priority for good.
using TellEnd = std::function<void()>;
/// What a guest does on its thread; `confined` is what Wall::enter() said there. Before its end is
/// told, the thread is there for the next guest.
using GuestTask = std::function<TellEnd(const Status& confined)>;

/// Threads: all members are safe from any thread.
class GuestThreads {
public:
  GuestThreads();
  /// Waits for all threads but those that were given up.
  ~GuestThreads();
  GuestThreads(const GuestThreads&) = delete;
  GuestThreads& operator=(const GuestThreads&) = delete;

  /// A guest without mounts is likely to be run next: its thread is made and confined meanwhile,
  /// unless one is there.
  void expect(bool require_kernel_wall);
  /// Runs `task` on a thread that has the wall of the guest's mounts; with `spec.uses` on a new one
  /// that no other guest gets. Errors: as Wall::build(); file_error when there is no thread to be
  /// had.
  [[nodiscard]] Status run(const GuestSpec& spec, GuestTask task);
  /// Waits, for a moment at most, while many threads that were given up have not come back: each
  /// holds its guest's memory until then, and a program that tries again and again must not pile
  /// that up. Returns at once when `cancel` stops.
  void wait_for_room(sys::CancelToken& cancel);
  /// One thread will not come back from its task soon: the destructor is not to wait for it, and
  /// the task returns nothing.
  void give_up_one();

private:
  struct Thread;
  struct State;
  [[nodiscard]] Status start(const std::shared_ptr<Thread>& thread,
                             const std::vector<Mount>& mounts, bool require_kernel_wall);
  std::shared_ptr<State> state_;
};

} // namespace perch::lane
