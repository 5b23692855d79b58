#pragma once
// Tokens of blocks, and tokens for what must still run once a scope was stopped.

#include "run/state.h"

#include <chrono>
#include <memory>

namespace perch::run {

/// Puts `token` in force for the duration of a block.
class TokenScope {
public:
  TokenScope(State& state, std::shared_ptr<sys::CancelToken> token)
      : state_(state), saved_(std::move(state.cancel)),
        link_{.token = saved_, .outer = state.outer_cancels} {
    state_.cancel = std::move(token);
    state_.outer_cancels = &link_;
  }
  ~TokenScope() {
    state_.cancel = saved_;
    state_.outer_cancels = link_.outer;
  }
  TokenScope(const TokenScope&) = delete;
  TokenScope& operator=(const TokenScope&) = delete;

private:
  State& state_;
  std::shared_ptr<sys::CancelToken> saved_;
  CancelLink link_;
};

/// How long `finally` bodies and on_signal handlers may take once their scope was stopped.
inline constexpr std::chrono::seconds kGrace{10};

/// The token for cleaning up: the one in force while it runs; else, bounded by kGrace, a child of
/// the nearest enclosing one that still runs, so that Ctrl-C reaches the cleaning after a timeout;
/// after a signal to perch itself, one that all cleaning of the run shares.
[[nodiscard]] std::shared_ptr<sys::CancelToken> cleanup_token(const State& state);

} // namespace perch::run
