#pragma once
// Constructors of the real world. For `cli/` alone; everything else receives a World.

#include <memory>

#include "sys/world.h"

namespace perch::sys {

[[nodiscard]] std::unique_ptr<Fs> real_fs();
[[nodiscard]] std::unique_ptr<Clock> real_clock();
/// A view of `environ`; the array must not change while it is used.
[[nodiscard]] std::unique_ptr<Env> real_env(char** environ);
[[nodiscard]] std::unique_ptr<Host> real_host(const Env& env);

/// Lets SIGINT, SIGTERM and SIGHUP stop `root` instead of ending the process (a second SIGINT
/// ends it at once), and ignores SIGPIPE. Undone when the returned guard goes.
class SignalGuard {
 public:
  explicit SignalGuard(CancelToken& root);
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
};

}  // namespace perch::sys
