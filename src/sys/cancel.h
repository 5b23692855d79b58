#pragma once
// The one way to stop things. Every child, guest, HTTP exchange, sleep and prompt waits on a
// CancelToken together with its own work.

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace perch::sys {

using SteadyTime = std::chrono::steady_clock::time_point;

enum class StopReason : std::uint8_t {
  None,
  Deadline, ///< `timeout`, `--max-runtime`: timeout_exceeded
  Signal,   ///< SIGINT, SIGTERM, SIGHUP: signal_received
  Sibling,  ///< another branch of a fail-fast `parallel` failed
  Client,   ///< whoever asked for the run cancelled it (MCP)
};

/// A node in a tree of reasons to stop: stopped when its deadline passes, when it is told to, or
/// when its parent is stopped. Threads: all members are safe from any thread; `stop_from_signal`
/// is async-signal-safe.
class CancelToken : public std::enable_shared_from_this<CancelToken> {
public:
  [[nodiscard]] static std::shared_ptr<CancelToken> root();
  /// A child with an own deadline (nullopt: the parent's alone).
  [[nodiscard]] std::shared_ptr<CancelToken> child(std::optional<SteadyTime> deadline = {});
  ~CancelToken();

  void stop(StopReason reason);
  /// Stops the whole tree, from a signal handler. The first signal is remembered for the exit
  /// status. The token must be alive; SignalGuard sees to it.
  void stop_from_signal(int signal) noexcept;

  /// None while running; looks at the clock when a deadline is set.
  [[nodiscard]] StopReason stopped();
  [[nodiscard]] int signal() const;
  /// The earliest deadline of this token and its ancestors.
  [[nodiscard]] std::optional<SteadyTime> deadline() const;
  /// Readable from the moment stop() reaches this token. A passing deadline does NOT make it
  /// readable: waiters bound their poll by poll_timeout_ms() as well. Made on first use. -1, which
  /// poll() skips, when the process has no descriptor left; poll_timeout_ms() is short then.
  [[nodiscard]] int fd();
  /// Milliseconds to give poll(): until the deadline rounded up, or -1 for none.
  [[nodiscard]] int poll_timeout_ms() const;
  /// Sleeps until `until` or until stopped.
  StopReason wait_until(SteadyTime until);
  /// The error a stopped run ends with, worded for the user: timeout_exceeded, or signal_received
  /// with the signal's name (no name: cancelled by a sibling or a client). Success while running.
  Status check();

private:
  struct Impl;
  CancelToken();
  std::unique_ptr<Impl> impl_;
};

} // namespace perch::sys
