#pragma once
// One op of the table, for people and for tools.

#include "base/json.h"
#include "op/op_decl.h"

#include <string>

namespace perch::cli {

[[nodiscard]] std::string op_details(const op::OpDecl& op); ///< ops.cc
[[nodiscard]] base::Json op_json(const op::OpDecl& op);     ///< ops.cc

} // namespace perch::cli
