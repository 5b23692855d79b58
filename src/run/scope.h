#pragma once
// From where something is asked of the gate: what holds at the statement that is running.

#include "diag/source.h"
#include "policy/policy.h"
#include "program/program.h"
#include "run/env_overlay.h"
#include "sys/cancel.h"
#include "trace/event.h"

#include <memory>
#include <string_view>

namespace perch::run {

/// Lifetime: borrows everything from the statement that runs; nobody keeps a Scope longer.
struct Scope {
  const policy::Policy& policy; ///< all layers in force, the innermost sandbox included
  std::string_view directory;   ///< the command's current directory, absolute
  const EnvOverlay& env;        ///< on top of the host's environment
  const std::shared_ptr<sys::CancelToken>& cancel;
  trace::SpanId span = 0;                  ///< what denials are recorded under
  const program::Module* module = nullptr; ///< the file of the statement
  diag::Span at = {};                      ///< the statement
};

} // namespace perch::run
