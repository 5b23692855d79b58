#include "run/cancelling.h"

#include "run/shared_run.h"

namespace perch::run {

std::shared_ptr<sys::CancelToken> cleanup_token(const State& state) {
  using sys::StopReason;
  if (state.cancel->stopped() == StopReason::None)
    return state.cancel;
  for (const CancelLink* link = state.outer_cancels; link != nullptr; link = link->outer) {
    if (link->token->stopped() == StopReason::None)
      return link->token->child(std::chrono::steady_clock::now() + kGrace);
  }
  return state.run.grace_after_signal();
}

} // namespace perch::run
