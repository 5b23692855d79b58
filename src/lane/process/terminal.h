#pragma once
// Who has the terminal: perch's own process group, or the group of one of its jobs at a time.

#include "sys/fd.h"

#include <mutex>
#include <termios.h>

namespace perch::lane {

/// The controlling terminal of this process, opened on first use. Threads: safe from any.
class Terminal {
public:
  enum class Modes { Keep, Restore };

  /// False when the process has none (a service, a build machine): then there is nothing to do.
  [[nodiscard]] bool present();
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// Reserves the terminal for a job to be started in group `join` (0: one of its own). False when
  /// perch is not in the foreground or another group holds it.
  [[nodiscard]] bool reserve(int join);
  /// The reserved job started as this group.
  void assign(int group);
  /// Takes it for a running job of `group`, under the conditions of reserve(), and gives it over.
  [[nodiscard]] bool take(int group);
  /// A job of `group` ended: after the last one the terminal is perch's again.
  void release(int group, Modes modes);

  /// For a stopped holder: makes the terminal perch's without giving up the reservation ...
  void suspend(int group);
  /// ... and gives it to `group` again if perch is in the foreground. False when it is not.
  bool resume(int group);

  /// Whether perch or one of its jobs is in the foreground; else the shell has put us behind.
  [[nodiscard]] bool is_ours();

private:
  [[nodiscard]] bool own_foreground() const;
  void take_back(int group, Modes modes);

  std::mutex mutex_;
  bool looked_ = false;
  sys::Fd fd_;
  int holder_ = 0; // a group, kReserved, or 0
  int jobs_ = 0;   // of the holder
  termios modes_{};
};

} // namespace perch::lane
