#pragma once
// One thread that looks after all guests: it stops those whose time is over, and it does for their
// confined threads what these may not do themselves. It starts when there is something to do, which
// is never in most runs: who waits for a guest watches its token as well, and calls wake().

#include "sys/cancel.h"
#include "sys/fd.h"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <poll.h>
#include <thread>
#include <vector>

namespace perch::lane {

/// A running guest as the supervisor sees it.
class Supervised {
public:
  virtual ~Supervised() = default;
  [[nodiscard]] virtual const std::shared_ptr<sys::CancelToken>& cancel() const = 0;
  /// True once the guest has to stop, for whatever reason.
  [[nodiscard]] virtual bool stopping() = 0;
  /// True once there is nothing left to stop.
  [[nodiscard]] virtual bool over() = 0;
  /// Called again and again while it has to stop and is still there. Returns when to call next.
  virtual sys::SteadyTime stop_again(sys::SteadyTime now) = 0;
  /// The supervisor goes and the guest is still there.
  virtual void left_alone() = 0;
};

/// Threads: all members are safe from any thread; run_outside() also from a confined one, which may
/// not start a thread: for a guest that needs it, begin() has been called.
class Supervisor {
public:
  Supervisor() = default;
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  void add(std::shared_ptr<Supervised> guest);
  void remove(const Supervised* guest);
  /// Starts the thread, unless it is there: from then on it sees by itself which guests have to
  /// stop. False when there is no thread to be had.
  bool begin();
  /// Makes the thread look at the guests now. False when there is none to be had.
  bool wake();
  /// Runs `work` on a thread of its own that is not confined.
  void run_outside(std::function<void()> work);

private:
  struct Watch {
    std::vector<std::shared_ptr<sys::CancelToken>> tokens; ///< distinct
    sys::SteadyTime until = sys::SteadyTime::max();
    [[nodiscard]] bool covers(const sys::CancelToken& token) const;
  };

  void loop();
  /// Stops who has to stop and starts what is to be started. Called with the mutex held.
  void look();
  [[nodiscard]] bool start_work();
  void sleep(std::vector<pollfd>& fds) const;
  void ring() const;

  std::mutex mutex_;
  std::vector<std::shared_ptr<Supervised>> guests_;
  std::vector<std::function<void()>> work_;
  Watch watch_; ///< what the thread sleeps on
  bool ending_ = false;
  sys::Fd bell_; ///< there is a thread
  std::thread thread_;
};

} // namespace perch::lane
