#pragma once
// What the evaluator carries from statement to statement, and what all branches of a run share.

#include "lane/lane.h"
#include "policy/policy.h"
#include "program/program.h"
#include "run/env_overlay.h"
#include "run/failure.h"
#include "run/outlet.h"
#include "run/scope.h"
#include "run/slots.h"
#include "sys/cancel.h"
#include "trace/event.h"

#include <memory>
#include <string>
#include <string_view>

namespace perch::run {

class SharedRun;

/// One open call, for the chain of a Failure and the depth limit. Lives on the stack of the call.
struct CallLink {
  enum class Kind : std::uint8_t { Command, Hook, Signal, Binding };
  Kind kind = Kind::Command;
  std::string_view name;
  diag::Span site;                            ///< where it was called; unknown for the first
  const program::TemplateUse* from = nullptr; ///< the template the call stands in
  const CallLink* outer = nullptr;
};

/// The tokens that were in force when blocks with a token of their own were entered.
struct CancelLink {
  const std::shared_ptr<sys::CancelToken>& token;
  const CancelLink* outer = nullptr;
};

/// File bindings being evaluated, for finding cycles and chains too long for the stack.
struct BindingLink {
  std::int32_t binding;
  int depth = 0;
  const BindingLink* outer = nullptr;
};

/// The state of one thread of evaluation. A branch or a stage works on a copy: what it changes
/// ends with it. Members that point outward borrow from statements further down the stack.
struct State {
  SharedRun& run;
  Slots* slots = nullptr;                  ///< null while file bindings are evaluated
  const program::Node* node = nullptr;     ///< the statement being run
  const program::Module* module = nullptr; ///< of that statement, or of the binding
  const CallLink* calls = nullptr;
  const CancelLink* outer_cancels = nullptr;
  const BindingLink* evaluating = nullptr;
  const Failure* rescued = nullptr; ///< the error being rescued, for bare `throw`

  EnvOverlay env;
  std::string directory;
  const policy::Policy* policy = nullptr;
  std::shared_ptr<sys::CancelToken> cancel;

  int in = -1; ///< standard input for children and guests; -1: empty
  Outlet* out = nullptr;
  Outlet* err = nullptr;
  bool terminal = false; ///< children may have the terminal

  trace::SpanId span = 0;
  int branch = 0;
  bool in_hook = false;
  int depth = 0;   ///< of command calls
  int nesting = 0; ///< of bodies

  [[nodiscard]] Scope scope() const {
    return {.policy = *policy,
            .directory = directory,
            .env = env,
            .cancel = cancel,
            .span = span,
            .module = module,
            .at = node != nullptr ? node->span : diag::Span()};
  }
};

/// Of the terminal that a job of this state would write to; null: it has none.
[[nodiscard]] inline trace::Progress* terminal_progress(const State& state) {
  trace::Progress* of_out = state.out->terminal_progress();
  return of_out != nullptr ? of_out : state.err->terminal_progress();
}

/// Sets a member for the duration of a block.
template <class T>
class Restoring {
public:
  Restoring(T& member, T value) : member_(member), saved_(std::move(member)) {
    member_ = std::move(value);
  }
  ~Restoring() { member_ = std::move(saved_); }
  Restoring(const Restoring&) = delete;
  Restoring& operator=(const Restoring&) = delete;

private:
  T& member_;
  T saved_;
};

} // namespace perch::run
