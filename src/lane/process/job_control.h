#pragma once
// Stopped jobs. Without this, a child that Ctrl-Z stops, or that reads from a terminal it does not
// have, would leave perch waiting for ever.

#include "lane/process/terminal.h"

#include <thread>

namespace perch::lane {

/// Watches one child from a thread of its own, made only when there is a terminal:
///   - a holder of the terminal that stops takes perch, and all in perch's process group, with it;
///     when the shell continues perch, the child gets the terminal back and goes on;
///   - another child that stops because it wants the terminal gets it and goes on, at once from a
///     holder that never asked, else when it is free; while perch itself is in the background,
///     perch stops too and its shell says so.
/// When the child has ended, the terminal is perch's again.
class JobControl {
public:
  enum class Start { Background, HoldsTerminal };

  /// Lifetime: `terminal` outlives it, and `pid` is not collected before it is gone.
  JobControl(Terminal& terminal, int pid, int group, Start start);
  ~JobControl() { (void)wait(); }
  /// Waits for the child's end. True when it held the terminal then.
  bool wait();
  JobControl(const JobControl&) = delete;
  JobControl& operator=(const JobControl&) = delete;

private:
  void watch();
  void stopped(int signal);
  [[nodiscard]] bool take_stop();
  void wait_for_terminal();
  [[nodiscard]] bool child_ended() const;

  Terminal& terminal_;
  int pid_;
  int group_;
  bool holds_;
  std::thread thread_;
};

} // namespace perch::lane
