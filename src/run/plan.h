#pragma once
// The dry run: what a command would do, with the values that are known before it starts. Nothing
// is started, written, read or sent for it; ops are evaluated where they only compute.

#include "diag/source.h"
#include "run/outcome.h"
#include "run/run.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perch::run {

/// One statement of a plan.
struct PlanStep {
  std::string_view kind; ///< an op's name, `exec`, `command`, `template`, `if`, …
  diag::Span span;
  std::string text; ///< as it would be written: known values filled in, secrets masked, a value
                    ///< only the run can know as its placeholder
  std::string note; ///< what is known beside it: `not taken`, `3 times`; may be empty
  std::vector<PlanStep> body;
};

struct Plan {
  std::vector<PlanStep> steps;
  /// Why the command would not start: its arguments (Invalid), or an unmet requirement (Failed).
  Outcome refusal;
};

/// Makes the plan of a request. Unmet requirements are found as a run would find them; the steps
/// are there all the same. Errors in values become notes of their steps.
[[nodiscard]] Plan plan(const Setting& setting, const Request& request);

} // namespace perch::run
