#pragma once
// Whether a layer certainly forbids what a statement asks for.

#include "policy/policy.h"
#include "scan/entry_index.h"
#include "scan/survey.h"

#include <string>
#include <string_view>

namespace perch::scan {

/// Where relative paths of statements are taken from, and whether that is certain.
struct Place {
  std::string directory; ///< absolute
  bool moves = false;    ///< the program changes its directory: relative paths are not certain
};

/// True when the indexed layer denies the request whatever the run-time values are. Paths are
/// compared as they are written, without resolving links; what only the machine can tell (which
/// file a name on PATH is, where a link leads) is left to the gate.
[[nodiscard]] bool forbids(const EntryIndex& index, const Ask& ask, const Place& place);

/// The denial that `layer` would answer with. Its message names the subject as it is written.
[[nodiscard]] Error denial_of(const policy::Layer& layer, const Ask& ask, const Place& place);

} // namespace perch::scan
