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
  /// Gives it to a running job of `group` that asks for it; `holds`: it has had it. False when
  /// perch is not in the foreground, or a group holds it that has asked for it.
  [[nodiscard]] bool take(int group, bool holds);
  /// A job of `group` ended: after the last one the terminal is perch's again.
  void release(int group, Modes modes);

  /// For a stopped holder: makes the terminal perch's without giving up the reservation ...
  void suspend(int group);
  /// ... and gives it to `group` again if perch is in the foreground. False when it is not.
  bool resume(int group);

  /// Whether perch or one of its jobs is in the foreground; else the shell has put us behind.
  [[nodiscard]] bool is_ours();

  /// Held by whoever stops this process.
  [[nodiscard]] std::mutex& stopping() { return stopping_; }

private:
  [[nodiscard]] bool own_foreground() const;
  [[nodiscard]] bool holder_in_foreground() const;
  bool give(int group);
  void take_back(int group, Modes modes);

  std::mutex stopping_; // goes before the other
  std::mutex mutex_;
  bool looked_ = false;
  sys::Fd fd_;
  int holder_ = 0;       // a group, kReserved, or 0
  int jobs_ = 0;         // of the holder
  bool asked_ = false;   // the holder did not just start with it
  bool restore_ = false; // a job of the holder was killed
  termios modes_{};
};

} // namespace perch::lane
