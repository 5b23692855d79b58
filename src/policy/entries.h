#pragma once
// What may stand in a rule's list: the one place that checks and normalizes entries.

#include "base/result.h"
#include "op/op_decl.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::policy {

/// The entries of a rule for `cap` in the form decide() compares: host patterns normalized, roots
/// and paths of bins made absolute against `directory`, names checked. `where` is the flag or block
/// they stand in, for the message. Errors: bad_argument for an entry that can match nothing.
[[nodiscard]] Result<std::vector<std::string>> entries(op::Cap cap,
                                                       std::span<const std::string> written,
                                                       std::string_view directory,
                                                       std::string_view where);

} // namespace perch::policy
