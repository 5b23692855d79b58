#pragma once

// The tables of all op families. The build writes the definition from the files of this folder.

#include "op/op_decl.h"

#include <span>

namespace perch::ops {

/// Returns the table of each family, in the order of the file names. A family `path_text.cc` ends
/// in `extern const std::span<const op::OpDecl> kPathTextOps{kTable};` and is listed with that.
///
/// Lifetime: the whole process.
std::span<const std::span<const op::OpDecl>> tables();

} // namespace perch::ops
